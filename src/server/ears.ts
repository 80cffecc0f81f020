import type { FastifyBaseLogger } from 'fastify';
import type { Effect } from '../core/effects.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { DecisionRecord } from '../extender/verbs.ts';
import { Decisions } from './decisions.ts';
import type { Metrics } from './metrics.ts';
import { queueMetrics } from './queue-metrics.ts';
import type { Traces } from './telemetry/traces.ts';
import { Timelines } from './timelines.ts';
import { waitMetrics } from './wait-metrics.ts';

/** What hears of every decision and every effect: metrics, what people read, the log, traces and the API server. */
export interface Ears {
  readonly timelines: Timelines;
  readonly decisions: Decisions;
  readonly onEffects: (effects: readonly Effect[]) => void;
  readonly onDecision: (record: DecisionRecord) => void;
}

interface Listener {
  readonly onEffects: (effects: readonly Effect[]) => void;
}

interface Options {
  readonly scheduler: Scheduler;
  readonly nowMs: () => number;
  /** A time of `nowMs` as wall time; absent: they are the same. */
  readonly toWall?: (ms: number) => number;
  readonly logger: FastifyBaseLogger;
  /** The live cluster, which carries effects out. */
  readonly live?: Listener;
  /** Who may read; what it knows of gangs follows them. */
  readonly access?: Partial<Listener>;
  readonly traces?: Traces;
}

export function ears(
  { scheduler, nowMs, toWall = (ms) => ms, logger, live, access, traces }: Options,
  metrics: Metrics,
): Ears {
  const onQueues = queueMetrics(metrics.registry, { scheduler });
  const onWaits = waitMetrics(metrics.registry, { scheduler, nowMs });
  const timelines = new Timelines((gang) => scheduler.board.gangRow(gang, nowMs()));
  const decisions = new Decisions(timelines, toWall);
  traces?.register(metrics.registry);
  return {
    timelines,
    decisions,
    onEffects(effects) {
      metrics.onEffects(effects);
      decisions.onEffects(effects, nowMs());
      effects.forEach(onQueues);
      effects.forEach(onWaits);
      live?.onEffects(effects);
      access?.onEffects?.(effects);
      logEffects(logger, effects, traces);
      traces?.tick();
    },
    onDecision(record) {
      metrics.onDecision(record);
      const gang = record.verb === 'filter' ? record.pod?.membership?.gang : undefined;
      if (gang !== undefined) timelines.asked(gang, nowMs());
      logDecision(logger, record, traces);
    },
  };
}

/** Every line of a gang has its name, and the id of its trace until it is complete. */
const withTrace = (traceId: string | undefined) => (traceId === undefined ? {} : { trace_id: traceId });

function logEffects(logger: FastifyBaseLogger, effects: readonly Effect[], traces: Traces | undefined): void {
  for (const effect of effects) {
    const { kind, ...rest } = effect;
    logger.info({ ...rest, ...withTrace(traces?.onEffect(effect)) }, kind);
  }
}

function logDecision(
  logger: FastifyBaseLogger,
  { verb, outcome, seconds, pod, kept, offered, reason }: DecisionRecord,
  traces: Traces | undefined,
): void {
  const failed = offered - kept;
  const ms = Math.round(seconds * 1e6) / 1000;
  const name = pod && `${pod.namespace}/${pod.name}`;
  const gang = pod?.membership?.gang;
  const trace = withTrace(gang === undefined ? undefined : traces?.idOf(gang));
  logger.info({ gang, pod: name, verb, kept, failed, reason, ms, ...trace }, outcome);
}
