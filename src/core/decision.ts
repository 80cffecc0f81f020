import type { Effect } from './effects.ts';
import type { Candidates, PodInfo } from './model.ts';

export interface FilterRequest {
  readonly pod: PodInfo;
  readonly candidates: Candidates;
}

/** The candidate nodes that may hold the pod. Every name comes from the request, each once. */
export type FilterAnswer =
  | { readonly kind: 'all' }
  /** All but `failed`: nodes on which evictions could help (wire: FailedNodes), all with one constant reason. */
  | { readonly kind: 'some'; readonly failed: readonly string[]; readonly reason: string }
  | { readonly kind: 'one'; readonly node: string }
  /** No candidate, and evictions would not help. The reason stays the same text as long as the gang's state. */
  | { readonly kind: 'none'; readonly reason: string };

export interface FilterOutcome {
  readonly answer: FilterAnswer;
  readonly effects: readonly Effect[];
}

/** 0 (worst) to 10 (best), an integer: extender/v1 MinExtenderPriority and MaxExtenderPriority. */
export interface NodeScore {
  readonly node: string;
  readonly score: number;
}

/** kube-scheduler's proposal for one node: the pods to evict, by UID. */
export interface VictimProposal {
  readonly uids: readonly string[];
  readonly pdbViolations: number;
}

export interface PreemptRequest {
  readonly pod: PodInfo;
  readonly victims: ReadonlyMap<string, VictimProposal>;
}

/** The proposals that muster accepts; empty: evict no pod. */
export type PreemptAnswer = ReadonlyMap<string, VictimProposal>;

export type GangPhase = 'waiting' | 'starting' | 'running' | 'degraded';

/** Gauges of the present state, for metrics. Amounts by resource name, in the units of Resources. */
export interface SchedulerStats {
  readonly synced: boolean;
  readonly nodes: number;
  readonly pods: number;
  readonly gangs: Readonly<Record<GangPhase, number>>;
  /** Waiting gangs that have been told a start time. */
  readonly foretold: number;
  /** Selected victims that are not gone yet. */
  readonly victims: number;
  readonly reserved: ReadonlyMap<string, number>;
  readonly free: ReadonlyMap<string, number>;
  readonly allocatable: ReadonlyMap<string, number>;
  /** nowMs of the last observed event; undefined before the first one. */
  readonly lastEventMs: number | undefined;
}
