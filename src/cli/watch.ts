import { setTimeout as sleep } from 'node:timers/promises';
import { MusterError } from '../core/errors.ts';
import type { Out } from './formats.ts';
import { streamOf, type StreamEvent } from './muster-api.ts';
import type { MusterServer } from './server/client.ts';
import { connect } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import { COLOURS, type View } from './view.ts';

/** How often a muster without a stream is asked. */
const POLL_MS = 2000;
/** After a broken connection. */
const RETRY_MS = [500, 1000, 2000, 5000] as const;

export interface Watched {
  /** What is on the screen. */
  readonly draw: (server: MusterServer) => Promise<string>;
  /** Changes when it should be drawn again; absent: with every event. */
  readonly versionOf?: (event: StreamEvent) => number | undefined;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Draws, and draws again whenever the stream says that something changed, until `signal`. It finds muster again when the
 * connection breaks: another replica may decide then.
 * @throws MusterError where muster cannot be reached at first, or refuses the question
 */
export async function watch(flags: ServerFlags, { draw, versionOf, signal }: Watched, out: Out): Promise<void> {
  const show = shower(out);
  let failures = 0;
  let isFirst = true;
  while (!signal.aborted) {
    let server: MusterServer | undefined;
    try {
      server = await connect(flags);
      show(await draw(server));
      [failures, isFirst] = [0, false];
      const on = server;
      await onChanges(on, { versionOf, signal }, async () => show(await draw(on)));
    } catch (error) {
      if (signal.aborted) break;
      if (isFirst || !(error instanceof MusterError) || error.code !== 'MUSTER_ASK_FAILED') throw error;
      process.stderr.write(`muster: ${error.what} Trying again.\n`);
      await sleep(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined);
    } finally {
      server?.close();
    }
  }
}

/** When to look again. */
interface When {
  /** Undefined of an event that tells nothing new; absent: look with every event. */
  readonly versionOf: ((event: StreamEvent) => number | undefined) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Looks again whenever the stream's events say that something changed, or every two seconds where there is no stream.
 * @throws MusterError MUSTER_ASK_FAILED where the connection breaks
 */
export async function onChanges(
  server: MusterServer,
  { versionOf, signal }: When,
  look: () => Promise<void>,
): Promise<void> {
  let seen: number | undefined;
  let isStream = false;
  try {
    for await (const event of streamOf(server, { lastId: '', signal })) {
      isStream = true;
      const version = versionOf?.(event);
      if (versionOf && (version === undefined || version === seen)) continue;
      seen = version;
      await look();
    }
    if (!signal.aborted) throw new MusterError('MUSTER_ASK_FAILED', `${server.name} ended the stream.`);
  } catch (error) {
    if (signal.aborted) return;
    if (isStream || !isMissing(error)) throw error;
    while (!signal.aborted) {
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await look();
    }
  }
}

/** An older muster has no stream, and says so with 404. */
const isMissing = (error: unknown) => error instanceof MusterError && error.what.includes('has no /v1/stream');

/** On a terminal the screen is drawn over; into a pipe only lines go that were not there before. */
function shower({ write, view }: Out): (text: string) => void {
  let before: ReadonlySet<string> = new Set();
  return (text) => {
    if (view().isTerminal) {
      const lines = onScreen(text.trimEnd().split('\n'), view());
      write(`${before.size === 0 ? '\x1b[2J' : ''}\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
      before = new Set(lines);
      return;
    }
    const lines = text.trimEnd().split('\n');
    const fresh = lines.filter((line) => !before.has(line));
    before = new Set(lines);
    if (fresh.length > 0) write(`${fresh.join('\n')}\n`);
  };
}

/** As many of the lines as the screen has room for, long ones taking several rows. */
function onScreen(lines: readonly string[], { width, height }: Pick<View, 'width' | 'height'>): string[] {
  let rows = 0;
  return lines.filter((line) => {
    rows += Math.max(1, Math.ceil(line.replaceAll(COLOURS, '').length / width));
    return rows < height;
  });
}

/** Ends with ^C. @returns the exit code */
export async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await run(stop.signal);
    return 0;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
