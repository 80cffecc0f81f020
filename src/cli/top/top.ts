import { setTimeout as sleep } from 'node:timers/promises';
import { MusterError } from '../../core/errors.ts';
import { nearestOf } from '../../core/nearest.ts';
import { aboutOf, decisions, gangRows, queuesOf, type StreamEvent } from '../muster-api.ts';
import type { MusterServer } from '../server/client.ts';
import { connect, withMuster } from '../server/connect.ts';
import type { ServerFlags } from '../server/flags.ts';
import { byClockOf, PIPE, viewOf, type View } from '../view.ts';
import { onChanges } from '../watch.ts';
import { frameLines, partsOf, type TopState } from './frame.ts';
import { onWholeScreen, type Key, type Terminal } from './screen.ts';

export interface TopFlags extends ServerFlags {
  readonly namespace?: string;
  readonly resource: string;
}

const RETRY_MS = 2000;
const MOST_DECISIONS = 100;

/**
 * `muster top`: the whole screen, live, until q or ^C. Into a pipe: once, as plain text.
 * @returns the exit code: 0
 * @throws MusterError MUSTER_ASK_FAILED; MUSTER_USAGE where no queue has the resource
 */
export async function topCommand(flags: TopFlags, terminal: Terminal): Promise<number> {
  const top = new Top(flags);
  if (!terminal.stdout.isTTY) {
    await withMuster(flags, (server) => top.read(server, PIPE.height));
    terminal.stdout.write(`${top.lines(PIPE).join('\n')}\n`);
    return 0;
  }
  // Where there is no muster, the screen is not taken.
  await withMuster(flags, (server) => top.read(server, viewOf(terminal.stdout).height));
  const stop = new AbortController();
  let draw = () => undefined as void;
  const onKey = (key: Key | undefined) => {
    if (key === 'end') stop.abort();
    else if (key !== undefined) top.press(key, viewOf(terminal.stdout).height);
    draw();
  };
  await onWholeScreen(terminal, onKey, async (screen) => {
    draw = () => screen.show(top.lines(viewOf(terminal.stdout)));
    await live(top, { flags, terminal, signal: stop.signal, draw: () => draw() });
  });
  return 0;
}

interface Live {
  readonly flags: TopFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly draw: () => void;
}

/** Reads and draws until `signal`; looks for muster again after each broken connection. */
async function live(top: Top, { flags, terminal, signal, draw }: Live): Promise<void> {
  draw();
  while (!signal.aborted) {
    let server: MusterServer | undefined;
    try {
      const found = (server = await connect(flags));
      const read = () => top.read(found, viewOf(terminal.stdout).height);
      top.onScroll = () => void read().then(draw, () => undefined);
      await read();
      draw();
      const versionOf = (event: StreamEvent) => top.hear(event);
      await onChanges(found, { versionOf, signal }, async () => {
        await read();
        draw();
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof MusterError) || error.code !== 'MUSTER_ASK_FAILED') throw error;
      top.lost(`${error.what} Trying again.`);
      draw();
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    } finally {
      server?.close();
    }
  }
}

/** What is shown, and where it was scrolled. */
class Top {
  readonly #namespace: string | undefined;
  #state: TopState;
  #server: MusterServer | undefined;
  #resources: readonly string[] = [];
  #ticks = 0;
  /** Called when other gangs should be shown. */
  onScroll: () => void = () => undefined;

  constructor({ namespace, resource }: TopFlags) {
    this.#namespace = namespace;
    const nothing = { about: undefined, counts: undefined, problem: undefined, isStale: false };
    const empty = { queues: [], gangs: [], decisions: [], waiting: 0, offset: 0 };
    this.#state = { server: '', resource, ...nothing, ...empty };
  }

  /** The screen, with times by the clock of the server that was read last. */
  lines(view: View): string[] {
    return frameLines(this.#state, this.#server ? byClockOf(this.#server, view) : view);
  }

  async read(server: MusterServer, height: number): Promise<void> {
    this.#server = server;
    const { offset } = this.#state;
    const limit = Math.min(1000, Number.isFinite(height) ? Math.max(1, height) : partsOf(0, height).gangs);
    const query = { namespace: this.#namespace, phase: 'waiting', offset, limit } as const;
    const [about, { items: queues }, list, latest] = await Promise.all([
      this.#state.about ?? aboutOf(server),
      queuesOf(server),
      gangRows(server, query),
      decisions(server, { limit: MOST_DECISIONS }),
    ]);
    this.#resources = Object.keys(queues[0]?.entitled ?? {});
    this.#requireResource();
    const gangs = { gangs: list.items, waiting: list.total, isStale: list.snapshot?.isStale === true };
    this.#state = {
      ...this.#state,
      server: server.name,
      about,
      queues,
      ...gangs,
      decisions: latest,
      problem: undefined,
    };
    // The list has become shorter than it was scrolled.
    if (list.items.length === 0 && list.total > 0) this.#scrollTo(list.total - 1);
  }

  /** @returns a number that is new with every tick */
  hear(event: StreamEvent): number | undefined {
    if (event.kind !== 'tick') return undefined;
    this.#state = { ...this.#state, counts: event.tick.counts };
    return ++this.#ticks;
  }

  lost(problem: string): void {
    // Another replica may answer next, of another version.
    this.#state = { ...this.#state, problem, about: undefined };
  }

  press(key: Key, height: number): void {
    const { offset, resource, queues } = this.#state;
    const page = partsOf(queues.length, height).gangs;
    const steps: Partial<Record<Key, number>> = { up: -1, down: 1, 'page up': -page, 'page down': page, home: -offset };
    const step = steps[key];
    if (step !== undefined) this.#scrollTo(offset + step);
    const turn = key === 'right' ? 1 : key === 'left' ? -1 : 0;
    const at = this.#resources.indexOf(resource);
    const next = this.#resources[(at + turn + this.#resources.length) % this.#resources.length];
    if (turn !== 0 && next !== undefined) this.#state = { ...this.#state, resource: next };
  }

  #scrollTo(offset: number): void {
    const to = Math.max(0, Math.min(offset, this.#state.waiting - 1));
    if (to === this.#state.offset) return;
    this.#state = { ...this.#state, offset: to };
    this.onScroll();
  }

  #requireResource(): void {
    const { resource } = this.#state;
    if (this.#resources.length === 0 || this.#resources.includes(resource)) return;
    const near = nearestOf(resource, this.#resources);
    const did = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new MusterError(
      'MUSTER_USAGE',
      `--resource ${resource}: no queue has a share of it; there are ${this.#resources.join(', ')}.${did}`,
    );
  }
}
