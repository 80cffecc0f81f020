import { newGang } from '../gang/declare.ts';
import type { Gang } from '../gang/gang.ts';
import { limitOn } from '../gang/limits.ts';
import { askOf, leaderNeeds } from '../gang/needs.ts';
import { priorityTerms } from '../gang/priority.ts';
import { forecastOf } from '../gang/run-identity.ts';
import { patienceOf, turnOf } from '../gang/waiting-time.ts';
import { membersToStart, type GangSpec, type PodInfo } from '../model.ts';
import { outlookOf, type Outlook } from '../outlook/outlook.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { Slices } from '../work.ts';
import { cannotStart } from './cannot-start.ts';
import { explainRole } from './explain.ts';
import { inNoNewQueue } from './no-new-queue.ts';
import { forecastViewOf, type ForecastView } from './run-time.ts';
import { smallerNow, soonerByPriority, type Sooner } from './sooner.ts';

/** What would happen to an app that is not submitted yet. */
export interface Eta {
  /** `namespace/name` */
  readonly gang: string;
  readonly queue: string;
  readonly priority: number;
  readonly policy: string;
  /** How many members start together. */
  readonly members: number;
  /** When it would start if it were submitted now and the forecasts hold; absent: see `cannotStart` and `limit`. */
  readonly start?: Outlook;
  /** Why even the empty cluster could not hold it, as a sentence. */
  readonly cannotStart?: string;
  /** The limit that keeps it from starting, however much room there is; nobody knows until when. */
  readonly limit?: string;
  readonly forecast: ForecastView;
  /** What would make it start sooner; empty if it would start at once, or muster knows of nothing. */
  readonly sooner: readonly Sooner[];
}

/**
 * When the gang that the pod declares would start if it were submitted now; a pod of no gang counts as a gang of one.
 * Nobody hears of it: nothing changes.
 */
export function* etaOf(ctx: PreemptionContextView, pod: PodInfo, nowMs: number): Slices<Eta> {
  const declared = pod.membership?.spec ?? gangOfOne(pod);
  const gang = wouldBe(ctx, pod, declared, nowMs);
  const about = {
    gang: declared.key,
    queue: gang.queue.path,
    priority: gang.priority,
    policy: gang.policy.name,
    members: membersToStart(gang.spec),
    forecast: forecastViewOf(ctx, gang),
  };
  const needs = leaderNeeds(ctx.cluster, gang);
  const obstacle = ctx.feasibility.obstacle(gang, needs);
  if (obstacle) {
    const roles = gang.spec.roles.map((role) => explainRole(ctx, gang, role, needs));
    return { ...about, sooner: [], cannotStart: cannotStart({ cluster: ctx.cluster, gang, needs, roles }, obstacle) };
  }
  const limit = limitOn(ctx, { ...gang, ask: askOf(ctx.cluster, gang) });
  if (limit) return { ...about, limit: limit.reason, sooner: smallerNow(ctx, gang, nowMs) };
  const start = yield* outlookOf(ctx, () => ({ gang, ahead: ctx.queues.aheadInAllQueues(gang) }), nowMs);
  if (!start || start.latestMs <= nowMs) return { ...about, ...(start ? { start } : {}), sooner: [] };
  const byPriority = yield* soonerByPriority(ctx, gang, start, nowMs);
  return { ...about, start, sooner: [...smallerNow(ctx, gang, nowMs), ...byPriority] };
}

/** No gang has such a key: one that runs under the same name is another. */
const keyOf = (key: string) => `${key} (not submitted)`;

function wouldBe(ctx: PreemptionContextView, pod: PodInfo, declared: GangSpec, nowMs: number): Gang {
  const { key, namespace, name, roles, queue } = declared;
  // It waits for no member to be created: all would be.
  const spec = { key: keyOf(key), namespace, name, roles, queue };
  const gang = {
    ...inNoNewQueue(
      ctx,
      () => newGang(ctx, { pod, spec }, nowMs),
      ({ queue: leaf }) => leaf,
    ),
    firstAskMs: nowMs,
  };
  const priority = priorityTerms(ctx, gang, nowMs).reduce((sum, { points }) => sum + points, 0);
  const forecast = () => forecastOf(ctx, gang);
  const ask = askOf(ctx.cluster, gang);
  return { ...gang, ask, priority, patienceMs: patienceOf(gang, forecast), turnMs: turnOf(gang, forecast) };
}

function gangOfOne({ namespace, name, request, constraints }: PodInfo): GangSpec {
  const roles = [{ name: 'pod', count: 1, min: 1, request, constraints }];
  return { key: `${namespace}/${name}`, namespace, name, queue: 'default', roles };
}
