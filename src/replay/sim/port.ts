import type { FilterAnswer, FilterRequest, NodeScore } from '../../core/decision.ts';
import type { Effect } from '../../core/effects.ts';
import type { ClusterEvent, PodInfo } from '../../core/model.ts';
import type { Rules } from '../../core/policy/rules.ts';
import { isLimiting, isReclaiming } from '../../core/policy/tenancy.ts';
import type { Nomination, ReplayScheduler, ToldStart } from './replay-scheduler.ts';
import type { Forecast } from '../../core/history/run-times.ts';

/** The extender as the simulated kube-scheduler calls it, and the feed of cluster events. */
export interface ExtenderPort {
  filter(request: FilterRequest, nowMs: number): FilterAnswer | Promise<FilterAnswer>;
  /** @returns scores in the order of the candidates; candidates that score 0 may be left out */
  prioritize(request: FilterRequest, nowMs: number): readonly NodeScore[] | Promise<readonly NodeScore[]>;
  observe(event: ClusterEvent, nowMs: number): void;
  tick(nowMs: number): void;
  /** Whether kube-scheduler asks muster at all; false: it is replayed alone, because no policy has gangs. */
  readonly isInFront: boolean;
  /**
   * Whether muster acts unasked some time after a refusal: it may evict (a policy enforces preemption, or a queue
   * reclaims), or something else than room may hold gangs up.
   */
  readonly isActive: boolean;
  /** Whether kube-scheduler, replayed alone, preempts pods itself: a policy enforces preemption. */
  readonly isKubePreempting: boolean;
  /** Lets muster admit waiting gangs and search for victims, as live-cluster.ts does. */
  makeRoom(nowMs: number): readonly Effect[];
  /** The pods, and the nodes to nominate for them, since it was asked last. */
  takeNominations(): readonly Nomination[];
  /** When `makeRoom` may admit a gang although nothing happens; Infinity: the time alone lets none start. */
  nextDueMs(): number;
  /** The start time that muster told this gang (by key) first; undefined: it told none. */
  toldStart(gang: string): ToldStart | undefined;
  /** What muster knows now of how long the run of this leader, or of this single pod, takes; undefined: nothing. */
  forecastOf(leader: PodInfo): Forecast | undefined;
  /** cpu held for members that are not bound yet, in millicores. */
  reservedCpu(): number;
  checkInvariants(): void;
}

/** Whether kube-scheduler is replayed alone under these policies: there are no gangs, and muster is not asked. */
export const isAlone = ({ policies }: Rules) => policies.every(({ gangs }) => gangs === 'off');

/** The core itself, in this process. */
export function directPort(scheduler: ReplayScheduler): ExtenderPort {
  return {
    filter: (request, nowMs) => scheduler.filter(request, nowMs).answer,
    ...feedOf(scheduler),
    prioritize: (request) => scheduler.prioritize(request),
  };
}

/** The part of a port that always runs in this process, since the feed is not part of the extender's wire. */
export function feedOf(scheduler: ReplayScheduler): Omit<ExtenderPort, 'filter' | 'prioritize'> {
  const { rules } = scheduler;
  const isEnforced = rules.policies.some(({ preemption }) => preemption.mode === 'enforce');
  if (isAlone(rules)) return { ...NOBODY, isKubePreempting: isEnforced };
  return {
    observe: (event, nowMs) => void scheduler.observe(event, nowMs),
    tick: (nowMs) => void scheduler.tick(nowMs),
    toldStart: (gang) => scheduler.toldStart(gang),
    forecastOf: (leader) => scheduler.forecastOf(leader),
    reservedCpu: () => scheduler.reservedCpu,
    checkInvariants: () => scheduler.checkInvariants(),
    isInFront: true,
    isActive: isEnforced || isReclaiming(rules.tenancy) || isLimiting(rules.tenancy),
    isKubePreempting: false,
    makeRoom: (nowMs) => [...scheduler.admitWaiting(nowMs), ...scheduler.makeRoom(nowMs)],
    takeNominations: () => scheduler.takeNominations(),
    nextDueMs: () => scheduler.nextDueMs(),
  };
}

/** The feed where kube-scheduler is replayed alone: muster hears nothing. */
const NOBODY = {
  observe: () => undefined,
  tick: () => undefined,
  toldStart: () => undefined,
  forecastOf: () => undefined,
  reservedCpu: () => 0,
  checkInvariants: () => undefined,
  isInFront: false,
  isActive: false,
  makeRoom: () => [],
  takeNominations: () => [],
  nextDueMs: () => Infinity,
} as const;
