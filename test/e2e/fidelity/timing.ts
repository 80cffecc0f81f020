import { DEFAULT_REPLAY } from '../../../src/replay/options.ts';
import type { TraceJob } from '../../../src/replay/trace/job.ts';
import type { LogEvent } from './scheduler-log.ts';
import { meanOf } from './simulated-waits.ts';

/** A longer time between two attempts: kube-scheduler had nothing to do. */
const IDLE_MS = 200;

/**
 * How long an attempt took on average, in ms: until the pod's binding began; or, since kube-scheduler writes a refusal
 * into the pod's status before it goes on, until the next attempt.
 */
export function cycleMsOf(events: readonly LogEvent[]): number {
  const attempts = events.filter((event) => event.kind === 'attempt');
  const times = attempts
    .map(({ atMs, bindMs }, i) => (bindMs ?? attempts[i + 1]?.atMs ?? Infinity) - atMs)
    .filter((ms) => ms < IDLE_MS);
  return times.length === 0 ? DEFAULT_REPLAY.cycleMs : meanOf(times);
}

/** From a preemption until a victim was gone, in ms, on average; 0: there was none. */
export function graceMsOf(events: readonly LogEvent[]): number {
  const chosenMs = new Map<string, number>();
  const times: number[] = [];
  for (const event of events) {
    if (event.kind === 'attempt') {
      const { node = '', candidates } = event.preemption ?? {};
      for (const victim of candidates?.get(node) ?? []) if (!chosenMs.has(victim)) chosenMs.set(victim, event.atMs);
    }
    const fromMs = event.kind === 'gone' ? chosenMs.get(event.pod) : undefined;
    if (fromMs !== undefined) times.push(event.atMs - fromMs);
  }
  return times.length === 0 ? 0 : meanOf(times);
}

/** When kube-scheduler heard of each job's first pod, and bound it. */
interface Life {
  readonly newMs: number;
  boundMs?: number;
  /** Of the job's last pod: from its binding to its end. */
  ranMs?: number;
}

/** The life of each job of one pod, by its id, as kube-scheduler saw it. */
export function livesOf(events: readonly LogEvent[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  const lastBound = new Map<string, number>();
  for (const event of events) {
    const id = event.pod.replace(/(-rerun(-\d+)?)?-driver$/, '');
    const life = lives.get(id) ?? { newMs: event.atMs };
    lives.set(id, life);
    if (event.kind === 'attempt' && event.node !== undefined) {
      life.boundMs ??= event.atMs;
      lastBound.set(id, event.atMs);
    }
    if (event.kind === 'gone') life.ranMs = event.atMs - (lastBound.get(id) ?? event.atMs);
  }
  return lives;
}

/**
 * The jobs with the times at which they really came and the time that they really ran, so that a busy API server counts
 * on neither side.
 */
export function asTheyWere(jobs: readonly TraceJob[], lives: ReadonlyMap<string, Life>): TraceJob[] {
  const firstMs = Math.min(...[...lives.values()].map(({ newMs }) => newMs));
  return jobs
    .map((job) => {
      const { newMs = firstMs, ranMs = job.durationMs } = lives.get(job.id) ?? {};
      return { ...job, submitMs: newMs - firstMs, durationMs: ranMs };
    })
    .sort((a, b) => a.submitMs - b.submitMs);
}

/** ms from the time at which kube-scheduler heard of a job until it bound its pod, for each. */
export const waitsOf = (lives: ReadonlyMap<string, Life>): number[] =>
  [...lives.values()].map(({ newMs, boundMs = NaN }) => boundMs - newMs);
