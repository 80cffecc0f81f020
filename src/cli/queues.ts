import { MusterError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import { documentText, type ListFormat } from './formats.ts';
import { queueOf, queuesOf, type StreamEvent } from './muster-api.ts';
import { detailLines, queueTable } from './queue-text.ts';
import type { MusterServer } from './server/client.ts';
import { withMuster } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import { byClockOf, PIPE, type View } from './view.ts';
import { untilStopped, watch } from './watch.ts';

export interface QueuesFlags extends ServerFlags {
  readonly output: ListFormat;
  readonly resource: string;
  readonly tree?: true;
  readonly watch?: true;
}

/**
 * `muster queues [PATH]`: what each queue holds and what it should have, in the order of the tree; of PATH also its users
 * and rules.
 * @returns the exit code: 0
 * @throws MusterError MUSTER_ASK_FAILED; MUSTER_USAGE where there is no such queue or no such resource
 */
export async function queuesCommand(
  path: string | undefined,
  flags: QueuesFlags,
  write: (text: string) => void,
  view: () => View = () => PIPE,
): Promise<number> {
  const text = (server: MusterServer) => textOf(server, path, flags, byClockOf(server, view()));
  if (!flags.watch) {
    write(await withMuster(flags, text));
    return 0;
  }
  const versionOf = (event: StreamEvent) => (event.kind === 'tick' ? event.tick.queues : undefined);
  return untilStopped((signal) => watch(flags, { draw: text, versionOf, signal }, { write, view }));
}

async function textOf(
  server: MusterServer,
  path: string | undefined,
  { output, resource, tree }: QueuesFlags,
  view: View,
): Promise<string> {
  const detail = path === undefined ? undefined : await queueOf(server, path);
  if (output === 'json' || output === 'yaml') return documentText(detail ?? (await queuesOf(server)), output);
  const { items } = await queuesOf(server, detail?.path);
  if (output === 'name') return items.map((queue) => `${queue.path}\n`).join('');
  const known = Object.keys(items[0]?.entitled ?? {});
  if (!known.includes(resource)) {
    const near = nearestOf(resource, known);
    const did = near === undefined ? '' : ` Did you mean ${near}?`;
    const there = known.join(', ') || 'none yet';
    throw new MusterError(
      'MUSTER_USAGE',
      `--resource ${resource}: no queue has a share of it; there are ${there}.${did}`,
    );
  }
  // With -o wide a table for each resource.
  const tables = (output === 'wide' ? known : [resource]).map((name) =>
    queueTable(items, { resource: name, asTree: tree === true }, view.width),
  );
  const lines = [
    ...(detail ? detailLines(detail, view.now()) : []),
    ...tables.flatMap((table, i) => (i === 0 ? table : ['', ...table])),
  ];
  return `${lines.join('\n')}\n`;
}
