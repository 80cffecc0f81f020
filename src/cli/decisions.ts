import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import type { DecisionView } from '../server/api/board-schemas.ts';
import { withLocalTimes } from './ago.ts';
import { tame } from './columns.ts';
import { documentText, type OneFormat, type Out } from './formats.ts';
import { decisions, streamOf } from './muster-api.ts';
import type { MusterServer } from './server/client.ts';
import { connect, withMuster } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import { clockTime } from './time-text.ts';
import type { View } from './view.ts';
import { untilStopped } from './watch.ts';

export type Decision = z.output<typeof DecisionView>;

export interface DecisionsFlags extends ServerFlags {
  readonly gang?: string;
  readonly limit: number;
  readonly follow?: true;
  readonly output: OneFormat;
}

/** After a broken connection, and how often a muster without a stream is asked. */
const RETRY_MS = 2000;
/** The most that is read again after a broken connection. */
const MOST = 2000;

/**
 * `muster decisions`: what muster decided lately, the oldest first; with --follow, what it decides from now on.
 * @returns the exit code: 0
 * @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE
 */
export async function decisionsCommand(flags: DecisionsFlags, out: Out): Promise<number> {
  const { gang, limit, follow, output } = flags;
  if (!follow) {
    const found = (await withMuster(flags, (server) => decisions(server, { gang, limit }))).toReversed();
    const none = gang === undefined ? 'No decision yet.' : `No decision about ${gang} that muster remembers.`;
    const lines = found.length === 0 ? [none] : found.map((one) => decisionLine(one, out.view()));
    out.write(output === 'table' ? `${lines.join('\n')}\n` : documentText({ items: found }, output));
    return 0;
  }
  const tell = (one: Decision) =>
    // One JSON object a line, so that a program can read what has come so far.
    out.write(
      output === 'table'
        ? `${decisionLine(one, out.view())}\n`
        : output === 'json'
          ? `${JSON.stringify(one)}\n`
          : `---\n${documentText(one, 'yaml')}`,
    );
  return untilStopped((signal) => followAll(flags, tell, signal));
}

/** Tells every decision once, in order, across broken connections. */
async function followAll(flags: DecisionsFlags, tell: (one: Decision) => void, signal: AbortSignal): Promise<void> {
  let last: number | undefined;
  const fresh = (items: readonly Decision[]) => {
    for (const one of items) {
      if (last !== undefined && one.id <= last) continue;
      last = one.id;
      if (flags.gang === undefined || one.gang === flags.gang) tell(one);
    }
  };
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    let server: MusterServer | undefined;
    try {
      server = await connect(flags);
      const limit = last === undefined ? flags.limit : MOST;
      const known = await decisions(server, { gang: last === undefined ? flags.gang : undefined, limit });
      // Another replica, or muster started again: it counts from the beginning.
      if (last !== undefined && (known[0]?.id ?? 0) < last) last = undefined;
      fresh(known.toReversed());
      for await (const event of streamOf(server, { lastId: String(last ?? ''), signal }))
        if (event.kind === 'decisions') fresh(event.items);
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst || !(error instanceof MusterError) || error.code !== 'MUSTER_ASK_FAILED') throw error;
      process.stderr.write(`muster: ${error.what} Trying again.\n`);
    } finally {
      server?.close();
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** `14:20:05  gang-admitted  jobs/etl  ...`. For programs the time is absolute. */
export function decisionLine({ at, kind, gang, text }: Decision, view: View): string {
  const seconds = String(new Date(at).getSeconds()).padStart(2, '0');
  const when = view.isTerminal ? clockTime(at, view.now()).replace(/(\d\d:\d\d)/, `$1:${seconds}`) : at;
  const said = withLocalTimes(tame(text), view);
  const who = gang === '' || said.includes(gang) ? '' : `${tame(gang)}: `;
  return `${view.paint('dim', when)}  ${view.paint('head', tame(kind).padEnd(16))}  ${who}${said}`;
}
