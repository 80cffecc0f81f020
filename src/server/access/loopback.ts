import { isIP } from 'node:net';
import type { Asker } from './asker.ts';
import { shortened, type Refusal } from './refusal.ts';

/**
 * The addresses from which a connection of this machine comes. Not all of 127.0.0.0/8: a sidecar of a service mesh
 * passes on what comes from elsewhere from 127.0.0.6.
 */
const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const FORWARD = 'kubectl -n muster-system port-forward deploy/muster 8888, then http://localhost:8888';

/** Refuses all but this machine; kubectl port-forward ends on the loopback of muster's pod. */
export function notLoopback({ address, isForwarded }: Asker): Refusal | undefined {
  if (!LOOPBACK.has(address)) {
    const error = `Only the machine that muster runs on may read, and you ask from ${address}: run ${FORWARD}; or set readAccess (docs/config.md).`;
    return { status: 403, reason: 'address', error };
  }
  if (!isForwarded) return undefined;
  const error =
    'Only the machine that muster runs on may read, and a proxy passes this request on for somebody else: set readAccess to token or kubernetes; or to anyone, if the proxy checks who asks and alone reaches the port (docs/config.md).';
  return { status: 403, reason: 'forwarded', error };
}

/**
 * Refuses names that muster does not have: a page of another site may have its own name lead to this address (DNS
 * rebinding), and its browser then takes muster for that site. An address in the header is no name.
 */
export function otherName({ host }: Asker, names: readonly string[]): Refusal | undefined {
  const name = nameOf(host);
  if (name !== undefined && (name === 'localhost' || isIP(name) !== 0 || names.includes(name))) return undefined;
  const error = `${shortened(JSON.stringify(host))} is no name of this muster: open http://localhost:8888, or add the name to readHosts (docs/config.md).`;
  return { status: 403, reason: 'host', error };
}

/** The header without its port; undefined if it is no name and no address. */
function nameOf(host: string): string | undefined {
  const [, v6, name] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d*)?$/i.exec(host) ?? [];
  return (v6 ?? name)?.toLowerCase();
}
