import { isIPv6 } from 'node:net';
import { MusterError } from '../../core/errors.ts';

/** Where muster serves /v1 by default. */
export const MUSTER_PORT = 8888;

/**
 * The address of a muster as people write it: `muster:8888`, `[::1]:8888`, `::1`, `https://muster.example.com/path`.
 * Without a scheme it is plain HTTP, or HTTPS where `isTls`; without scheme and port, port 8888.
 * @throws MusterError MUSTER_USAGE
 */
export function serverUrl(text: string, isTls = false): URL {
  // `:8888` is on this machine.
  const given = text.trim().replace(/^:(?=\d+$)/, 'localhost:');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw wrong(text, `scheme ${scheme} is neither http nor https`);
  const whole = scheme === undefined ? `${isTls ? 'https' : 'http'}://${isIPv6(given) ? `[${given}]` : given}` : given;
  let url: URL;
  try {
    url = new URL(whole);
  } catch {
    throw wrong(text, 'it is no address');
  }
  if (url.username !== '' || url.password !== '') throw wrong('(hidden)', 'it holds a password: use --token-file');
  if (scheme === undefined && !hasPort(given)) url.port = String(MUSTER_PORT);
  url.pathname = url.pathname.replace(/\/*$/, '/');
  url.search = url.hash = '';
  return url;
}

/** A port that is the scheme's own disappears from a URL. */
const hasPort = (given: string) => !isIPv6(given) && /:\d+(\/|$)/.test(given);

/** Whether what is sent there stays on this machine. */
export const isLoopback = ({ hostname }: URL) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

const wrong = (text: string, why: string) =>
  new MusterError('MUSTER_USAGE', `--server ${text}: ${why}; expected such as muster:8888 or https://muster:8888.`);
