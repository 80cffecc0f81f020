import { isoTime } from '../../core/iso-time.ts';
import type { z } from 'zod';
import type { Eta } from '../../core/explanation/eta.ts';
import type { Explanation, GangSummary, NodeView } from '../../core/explanation/explanation.ts';
import type { ForecastView as ForecastOfRun } from '../../core/explanation/run-time.ts';
import type { MakingRoom } from '../../core/explanation/making-room.ts';
import type { Outlook } from '../../core/outlook/outlook.ts';
import type { QueueAmounts } from '../../core/explanation/queue-amounts.ts';
import type { QueueStanding } from '../../core/explanation/queue-standing.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Resources } from '../../core/resources.ts';
import type {
  EtaView,
  ExplanationView,
  ForecastView,
  GangSummaryView,
  NodeViewSchema,
  SnapshotView,
  StandingView,
  StartView,
} from './schemas.ts';

/** Translates the core's types to JSON: maps become objects, millicores become cores, times become text. */

const scaled = (resource: string, value: number) => (resource === 'cpu' ? value / 1000 : value);
export const amounts = (resources: Resources) =>
  Object.fromEntries([...resources].map(([resource, value]) => [resource, scaled(resource, value)]));

export const queueAmountsView = (queue: QueueAmounts) => ({
  held: amounts(queue.held),
  bound: amounts(queue.bound),
  leaving: amounts(queue.leaving),
  demand: amounts(queue.demand),
  guaranteed: amounts(queue.guaranteed),
  entitled: amounts(queue.entitled),
  withheld: amounts(queue.withheld),
  max: amounts(queue.max),
});

function standingView({ queue, user, tier, limits, before, ...rest }: QueueStanding): z.output<typeof StandingView> {
  const near = limits.map(({ limit, at, resource, used, needed, most, isHit }) => {
    const of = (value: number) => (resource === undefined ? value : scaled(resource, value));
    const what = resource === undefined ? {} : { resource };
    return { limit, at, ...what, used: of(used), needed: of(needed), most: of(most), isHit };
  });
  return { queue, user, tier, ...queueAmountsView(rest), limits: near, before: [...before] };
}

/** How old the snapshot may be, and whether it is too old to admit gangs. */
export interface SnapshotAge {
  readonly ageMs: number;
  readonly isStale: boolean;
}

export const snapshotView = ({ ageMs, isStale }: SnapshotAge): z.output<typeof SnapshotView> => ({
  ageSeconds: Math.round(ageMs / 100) / 10,
  isStale,
});

/** How old the snapshot is, as a part of an answer. */
export type Age = () => { readonly snapshot?: z.output<typeof SnapshotView> };

type ToWall = (ms: number) => number;

export function summaryView({ sinceMs, ...rest }: GangSummary, toWall: ToWall): z.output<typeof GangSummaryView> {
  return { ...rest, since: isoTime(toWall(sinceMs)) };
}

export function explanationView(
  { sinceMs, roles, preemption, start, forecast, ends, patienceMs, standing, otherQueues, ...rest }: Explanation,
  toWall: ToWall,
): z.output<typeof ExplanationView> {
  const views = roles.map(({ request, nodes, short, ...role }) => ({
    ...role,
    request: amounts(request),
    nodes: { ...nodes, refused: [...nodes.refused] },
    short: short.map(({ resource, needed, free, largest }) => {
      const of = (value: number) => scaled(resource, value);
      return { resource, needed: of(needed), free: of(free), largest: of(largest) };
    }),
  }));
  const evictions = preemption ? { preemption: makingRoomView(preemption, toWall) } : {};
  const times = {
    ...(start
      ? { start: { ...startView(start, toWall), ...time('promised', start.promisedMs ?? Infinity, toWall) } }
      : {}),
    ...(forecast ? { forecast: forecastView(forecast) } : {}),
    ...(ends ? { ends: { ...time('about', ends.aboutMs, toWall), ...time('latest', ends.latestMs, toWall) } } : {}),
    ...seconds('patienceSeconds', patienceMs),
  };
  const queues = { ...(standing ? { standing: standingView(standing) } : {}), otherQueues: [...otherQueues] };
  const priority = { priorityTerms: [...rest.priorityTerms] };
  const lists = { placed: [...rest.placed], ahead: [...rest.ahead], advice: [...rest.advice] };
  return {
    ...rest,
    ...queues,
    ...priority,
    ...evictions,
    ...times,
    ...lists,
    since: isoTime(toWall(sinceMs)),
    roles: views,
  };
}

/** JSON has no Infinity: a time or a span that nobody knows is absent. */
const time = <K extends string>(name: K, ms: number, toWall: ToWall) =>
  (ms === Infinity ? {} : { [name]: isoTime(toWall(ms)) }) as Partial<Record<K, string>>;

const seconds = <K extends string>(name: K, ms: number | undefined) =>
  (ms === undefined || ms === Infinity ? {} : { [name]: Math.round(ms / 1000) }) as Partial<Record<K, number>>;

function startView(
  { earliestMs, aboutMs, latestMs, becauseOf, unknown, isAtLeast }: Outlook,
  toWall: ToWall,
): z.output<typeof StartView> {
  const about = { ...time('about', aboutMs, toWall), ...time('latest', latestMs, toWall) };
  return {
    ...time('earliest', earliestMs, toWall),
    ...about,
    because: [...becauseOf],
    unknown: [...unknown],
    isAtLeast,
  };
}

function forecastView({ medianMs, p90Ms, isKnown, runs, basis, error }: ForecastOfRun): z.output<typeof ForecastView> {
  const spans = { ...seconds('medianSeconds', medianMs), ...seconds('p90Seconds', p90Ms) };
  return { ...spans, isKnown, runs, basis, ...(error === undefined ? {} : { error }) };
}

function makingRoomView(making: MakingRoom, toWall: ToWall) {
  const { untilMs, notBeforeMs, victims, overdue, kept, relax, between, ...rest } = making;
  const late = overdue.map((one) => ({ gang: one.gang, until: isoTime(toWall(one.untilMs)) }));
  const lists = { kept: [...kept], relax: [...relax], between: [...between], overdue: late };
  const until = untilMs === undefined ? {} : { until: isoTime(toWall(untilMs)) };
  const later = notBeforeMs === undefined ? {} : { notBefore: isoTime(toWall(notBeforeMs)) };
  return { ...rest, ...lists, ...until, ...later, victims: victims.map((one) => ({ ...one, terms: [...one.terms] })) };
}

export function etaView({ start, forecast, sooner, ...rest }: Eta, toWall: ToWall): z.output<typeof EtaView> {
  const changes = sooner.map((one) => {
    if (one.kind === 'fewer') return one;
    if (one.kind === 'smaller') return { ...one, request: amounts(one.request) };
    return { ...one, start: startView(one.start, toWall) };
  });
  return {
    ...rest,
    ...(start ? { start: startView(start, toWall) } : {}),
    forecast: forecastView(forecast),
    sooner: changes,
  };
}

export function nodeView({ allocatable, free, held, ...rest }: NodeView): z.output<typeof NodeViewSchema> {
  return { ...rest, allocatable: amounts(allocatable), free: amounts(free), held: amounts(held) };
}

/** A policy with its maps as objects, and with Infinity, which JSON lacks, as the text `never`. */
export function policyView(policy: Policy): Record<string, unknown> {
  const plain = (_key: string, value: unknown): unknown => {
    if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
    return value === Infinity ? 'never' : value;
  };
  return JSON.parse(JSON.stringify(policy, plain)) as Record<string, unknown>;
}
