import { Clock } from '../clock.ts';
import { MusterError } from '../core/errors.ts';
import { queueOf, queuesOf } from './muster-api.ts';
import { detailLines, queueTable } from './queue-text.ts';

export interface QueuesFlags {
  readonly server: string;
  readonly output: 'table' | 'json';
  readonly resource: string;
  readonly tree?: true;
}

/**
 * `muster queues [PATH]`: what each queue holds and what it should have, in the order of the tree; of PATH also its users
 * and rules.
 * @returns the exit code: 0
 * @throws MusterError MUSTER_USAGE where there is no such queue or no such resource
 */
export async function queuesCommand(
  path: string | undefined,
  flags: QueuesFlags,
  write: (text: string) => void,
): Promise<number> {
  const detail = path === undefined ? undefined : await queueOf(flags, path);
  if (flags.output === 'json') {
    write(`${JSON.stringify(detail ?? (await queuesOf(flags)), null, 2)}\n`);
    return 0;
  }
  const { resource, tree } = flags;
  const { items } = await queuesOf(flags, detail?.path);
  const known = Object.keys(items[0]?.entitled ?? {});
  if (!known.includes(resource))
    throw new MusterError(
      'MUSTER_USAGE',
      `--resource ${resource}: no queue has a share of it; there are ${known.join(', ') || 'none yet'}.`,
    );
  const lines = [
    ...(detail ? detailLines(detail, new Date(new Clock().nowMs())) : []),
    ...queueTable(items, { resource, asTree: tree === true }),
  ];
  write(`${lines.join('\n')}\n`);
  return 0;
}
