import type { ClusterEvent, PodInfo, WorkFigures } from '../core/model.ts';
import { executorFigures } from '../intake/spark/executor-summaries.ts';
import type { Leaders } from './leaders.ts';

export interface DriverFiguresDeps {
  readonly leaders: Pick<Leaders, 'reporting'>;
  /** The bound members of a gang. */
  readonly membersOf: (gang: string) => readonly PodInfo[];
  readonly observe: (event: ClusterEvent) => void;
  readonly onPoll: (outcome: 'done' | 'failed') => void;
  readonly nowMs: () => number;
  /** How often each driver is polled, in ms. */
  readonly everyMs: number;
}

const TIMEOUT_MS = 2000;
const MAX_BYTES = 32 * 2 ** 20;
const PARALLEL = 4;
/** The longest wait before a driver that fails to answer is polled again: its UI may be off or not reachable. */
const MAX_BACK_OFF_MS = 600_000;
const EXECUTOR_ID = 'spark-exec-id';

interface Turn {
  readonly dueMs: number;
  readonly failures: number;
}

/**
 * Polls Spark drivers for the work that their executors have done and the data that they keep, so that eviction costs
 * rest on figures and not on guesses. No decision waits for it: the core uses the last figures for at most five
 * minutes.
 */
export class DriverFigures {
  readonly #deps: DriverFiguresDeps;
  readonly #turns = new Map<string, Turn>();
  #isRunning = false;

  constructor(deps: DriverFiguresDeps) {
    this.#deps = deps;
  }

  /** Polls the drivers that are due; call about once a second. Does nothing while the last round still runs. */
  async poll(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      const { leaders, nowMs } = this.#deps;
      const all = leaders.reporting();
      const living = new Set(all.map(({ gang }) => gang));
      for (const gang of this.#turns.keys()) if (!living.has(gang)) this.#turns.delete(gang);
      const due = all.filter(({ gang }) => (this.#turns.get(gang)?.dueMs ?? 0) <= nowMs());
      await Promise.all(Array.from({ length: PARALLEL }, () => this.#work(due)));
    } finally {
      this.#isRunning = false;
    }
  }

  async #work(due: { readonly gang: string; readonly reportUrl: string }[]): Promise<void> {
    for (let next = due.pop(); next; next = due.pop()) {
      const { gang, reportUrl } = next;
      const { nowMs, everyMs, onPoll } = this.#deps;
      const failures = (await this.#ask(gang, reportUrl)) ? 0 : (this.#turns.get(gang)?.failures ?? 0) + 1;
      const waitMs = failures === 0 ? everyMs : Math.max(everyMs, Math.min(MAX_BACK_OFF_MS, everyMs * 2 ** failures));
      this.#turns.set(gang, { dueMs: nowMs() + waitMs, failures });
      onPoll(failures === 0 ? 'done' : 'failed');
    }
  }

  async #ask(gang: string, url: string): Promise<boolean> {
    const { membersOf, observe } = this.#deps;
    try {
      const known = executorFigures(await textAt(url));
      const figures = new Map<string, WorkFigures>();
      for (const { uid, labels } of membersOf(gang)) {
        const one = known.get(labels.get(EXECUTOR_ID) ?? '');
        if (one) figures.set(uid, one);
      }
      observe({ kind: 'figures', gang, figures });
      return true;
    } catch {
      return false;
    }
  }
}

/** Follows no redirects, so that only the driver itself can answer. */
async function textAt(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok || !response.body) throw new Error(`${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
