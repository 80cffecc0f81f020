import { Counter, Gauge, type Registry } from 'prom-client';
import type { Effect } from '../../core/effects.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { GangTraces } from './gang-traces.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

/** A collector that does not answer holds up the end of muster for no longer. */
const CLOSE_MS = 5000;

/** What traces are told from. */
interface TracesDeps {
  readonly scheduler: Pick<Scheduler, 'standing' | 'isFollowing'>;
  readonly clock: { readonly nowMs: () => number; readonly toWall: (ms: number) => number };
  readonly onError: (error: unknown) => void;
}

/** Exports the traces of gangs. Nothing that goes wrong here reaches a decision. */
export class Traces {
  readonly #pipeline: Pipeline;
  readonly #gangs: GangTraces;
  readonly #onError: (error: unknown) => void;
  #hasFailed = false;

  private constructor(pipeline: Pipeline, { scheduler, clock, onError }: TracesDeps) {
    this.#pipeline = pipeline;
    this.#onError = onError;
    this.#gangs = new GangTraces({
      pipeline,
      standing: (gang) => scheduler.standing(gang),
      isFollowing: () => scheduler.isFollowing,
      nowMs: () => clock.nowMs(),
      toWall: (ms) => clock.toWall(ms),
    });
  }

  /**
   * @param endpoint see config field `traces`
   * @param about attributes of this process; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME come before them
   */
  static async open(endpoint: string, about: Readonly<Record<string, string>>, deps: TracesDeps): Promise<Traces> {
    return new Traces(await openPipeline(endpoint, about), deps);
  }

  /** Call right after the call that had the effect. @returns the id of the gang's trace, for its line in the log */
  onEffect(effect: Effect): string | undefined {
    return this.#safely(() => this.#gangs.onEffect(effect));
  }

  /** The id of the trace of a gang that is not complete. */
  idOf(gang: string): string | undefined {
    return this.#safely(() => this.#gangs.idOf(gang));
  }

  /** Call every second or so. */
  tick(): void {
    this.#safely(() => this.#gangs.look());
  }

  /** Adds the metrics of traces. */
  register(registry: Registry): void {
    const { counts } = this.#pipeline;
    const gangs = this.#gangs;
    new Counter({
      name: 'muster_trace_spans_total',
      help: 'Spans of gangs, by outcome: exported, failed (the collector did not take them), dropped (too many waited for it, or too many gangs).',
      labelNames: ['outcome'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ outcome: 'exported' }, counts.exported);
        this.inc({ outcome: 'failed' }, counts.failed);
        this.inc({ outcome: 'dropped' }, counts.dropped + gangs.refused);
      },
    });
    new Gauge({
      name: 'muster_traces_open',
      help: 'Gangs whose trace is not finished; they wait, or are not complete.',
      registers: [registry],
      collect() {
        this.set(gangs.size);
      },
    });
  }

  /** Sends what is finished, within CLOSE_MS. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    await Promise.race([this.#pipeline.close(), late]);
    clearTimeout(timer);
  }

  #safely<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      // Once: what fails for one gang fails for all.
      if (!this.#hasFailed) this.#onError(error);
      this.#hasFailed = true;
      return undefined;
    }
  }
}
