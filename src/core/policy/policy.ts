import type { WorkClass } from '../model.ts';

/** The names of the scorers in policy files. */
export const SCORERS = [
  'binPacking',
  'spreading',
  'balance',
  'fragmentation',
  'topology',
  'nodePool',
  'spot',
  'imageLocality',
  'leaderSpread',
  'nodeLabel',
] as const;
export type ScorerName = (typeof SCORERS)[number];

export const STRATEGIES = ['pack', 'spread', 'least-fragmentation', 'weighted'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** How muster places the leader, or the members of all other roles. */
export interface Preference {
  readonly strategy: StrategyName;
  /** Weights of the scorers, all >= 0; absent: 0. For strategy `weighted` and for prioritize. */
  readonly weights: ReadonlyMap<ScorerName, number>;
  /** Labels a node must have. */
  readonly requireLabels: ReadonlyMap<string, string>;
  /** For scorer `nodePool`: labels to prefer (weight > 0) or to avoid (weight < 0). */
  readonly pools: readonly { readonly key: string; readonly value: string; readonly weight: number }[];
  /** For scorer `spot`: whether to prefer or to avoid spot nodes. */
  readonly spot: 'prefer' | 'avoid';
}

export interface Topology {
  /** `require`: the whole gang in one domain of one of the keys, or it waits. `prefer`: anywhere if no domain fits. */
  readonly mode: 'require' | 'prefer' | 'none';
  /** Node label keys, narrowest first (rack, then zone): the first key with a domain that fits wins. */
  readonly keys: readonly string[];
  /** Whether the leader must be in the same domain. */
  readonly leader: boolean;
}

export const QUEUE_ORDERS = ['fifo', 'shortest', 'deadline'] as const;

/** How a gang waits, and what it may ask of those that wait behind it. */
export interface QueueRules {
  /**
   * How long a gang waits, in ms, before others must mind it. 0: strict order, nobody behind it passes it; Infinity: it
   * never stands in anybody's way.
   */
  readonly blockAfterMs: number;
  /** It waits longer where it runs long: `times` its foretold run time, up to `mostMs`, if that is longer. */
  readonly patience: { readonly times: number; readonly mostMs: number };
  /** `reserve`: whoever does not delay its start passes it. `off`: nobody behind it in its queue starts before it. */
  readonly backfill: 'reserve' | 'off';
  /** Which of two gangs of equal priority is ahead. */
  readonly order: (typeof QUEUE_ORDERS)[number];
  /** `return`: gangs that were let in before it to be over by now, and are not, may be evicted for it. */
  readonly overrun: 'wait' | 'return';
  /** Whether members beyond the minimum may take room that a gang with a start time needs. */
  readonly extras: 'lend' | 'borrow';
}

/** What changes a gang's priority besides its leader's PriorityClass. */
interface PriorityRules {
  /** Added to every gang of the policy. */
  readonly add: number;
  /** Added to gangs of these queues. */
  readonly queues: ReadonlyMap<string, number>;
  /** Annotation muster.dev/priority may always lower a gang's priority, and raise it up to this value. */
  readonly raiseTo: number;
  /** The highest class value that members claim as long as nothing says theirs; Infinity: as their leader. */
  readonly members: number;
}

/**
 * What a deadline adds to the priority, by slack = (deadline - now - remaining run time) / expected duration: nothing
 * from `from` on, all of `boost` at `full` and below, a straight line in between.
 */
export interface DeadlineCurve {
  readonly boost: number;
  readonly from: number;
  readonly full: number;
  /** The expected duration of a gang that does not declare one, in ms. */
  readonly expectedMs: number;
  /** Whether the boost stays once the deadline has passed. */
  readonly late: 'keep' | 'drop';
}

export const PREEMPTION_MODES = ['off', 'advise', 'enforce'] as const;

/** Which gangs may preempt, which pods may be victims, and how many. The policy of the waiting gang counts. */
export interface PreemptionRules {
  /** `advise` names the victims and evicts no pod. */
  readonly mode: (typeof PREEMPTION_MODES)[number];
  /** How long a gang waits before muster evicts pods for it, in ms. */
  readonly afterMs: number;
  /** A victim's priority is lower by at least this; 1 or more. */
  readonly priorityGap: number;
  /** Queues whose gangs may be victims; empty: all. */
  readonly queues: readonly string[];
  /** `gangs`: only members of gangs; `scheduler`: also single pods of muster's schedulers; `any`: also other pods. */
  readonly victims: 'gangs' | 'scheduler' | 'any';
  /** Whether a leader may be evicted, always with its whole gang, if nothing less helps. */
  readonly wholeGangs: boolean;
  /** How long a needed pod runs before it may be a victim, in ms; an elastic member may be one at any age. */
  readonly minRuntimeMs: number;
  /** How long a gang that lost members may not preempt, in ms. */
  readonly cascadeMs: number;
  /** A pod with a longer grace period (ms) is no victim: its room would be held all that time. */
  readonly maxGraceMs: number;
  /**
   * How much of the cluster the pods of one namespace may hold that a longer grace period or a disruption budget keeps
   * from being evicted; 0..1, by the resource of which they hold the largest share. Beyond it neither protects them.
   */
  readonly protectedShare: number;
  /** How long a victim may stay after its grace period before muster drops the plan, in ms. */
  readonly leaveWithinMs: number;
  readonly budget: {
    /** Evictions in any 60 s. */
    readonly perMinute: number;
    /** Of these, victims of one queue. */
    readonly perQueue: number;
    /** Members that one gang may lose in `gangWindowMs` while it lives on. */
    readonly perGang: number;
    readonly gangWindowMs: number;
  };
  readonly cost: CostWeights;
}

/** The weights of the eviction cost, which is in core-seconds; docs/preemption.md has the formula. */
export interface CostWeights {
  /** Core-seconds per core-second that the pod has run (if its driver is polled: has spent in tasks). */
  readonly work: number;
  /** Seconds of run time beyond which age no longer adds to the cost. */
  readonly workCapSeconds: number;
  /** What remains of `work` and `keptGib` if the gang keeps its output on volumes, in a store or on peers; 0..1. */
  readonly keptOn: Readonly<Record<'volumes' | 'store' | 'peers', number>>;
  /** Core-seconds per GiB of shuffle output and cache, if its driver is polled. */
  readonly keptGib: number;
  /** Seconds times cores, for a needed victim: its successor starts from scratch. */
  readonly comeback: number;
  /** Seconds times the cores of a gang's minimum, once, if the gang falls below it. */
  readonly brokenGang: number;
  /** Seconds times cores, for each restart of a container and each earlier victim of its gang. */
  readonly restart: number;
  /** Seconds times cores, if the eviction makes its gang miss a deadline. */
  readonly deadline: number;
  /** Core-seconds per point of controller.kubernetes.io/pod-deletion-cost. */
  readonly deletionCost: number;
  /** What remains of the cost of a member that its own gang gives up; 0..1. */
  readonly givenUp: number;
  /** What remains of the cost on a node that is about to go; 0..1. */
  readonly doomedNode: number;
  /** How many cores one GPU counts as. */
  readonly gpuCores: number;
}

export interface Policy {
  readonly name: string;
  /** Which pods it applies to; an empty list or map matches all. The first policy of the file that matches counts. */
  readonly match: {
    readonly namespaces: readonly string[];
    readonly labels: ReadonlyMap<string, string>;
    readonly classes: readonly WorkClass[];
  };
  /** `off`: muster ignores declarations of gangs and treats every pod alone. */
  readonly gangs: 'on' | 'off';
  readonly leader: Preference;
  readonly members: Preference;
  readonly topology: Topology;
  readonly queue: QueueRules;
  readonly spark: {
    /** The least executors that a driver with dynamic allocation starts with, however few its conf begins with. */
    readonly minExecutors: number;
  };
  readonly reservation: {
    /** How long muster holds a slot that no member has claimed, in ms. */
    readonly unclaimedMs: number;
    /** How long muster holds a dead member's slot for its successor, in ms. */
    readonly successorMs: number;
  };
  readonly priority: PriorityRules;
  readonly deadline: DeadlineCurve;
  readonly preemption: PreemptionRules;
  /** Labels that mark a spot node (scorer `spot`): key -> values; an empty list means any value. */
  readonly spotLabels: ReadonlyMap<string, readonly string[]>;
  /** For scorer `nodeLabel`: a numeric node label such as a price; `lower`: the smaller the better. */
  readonly nodeLabel: { readonly key: string; readonly better: 'lower' | 'higher' };
}

/** How the large clouds and Karpenter mark spot nodes. */
const SPOT_LABELS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['karpenter.sh/capacity-type', ['spot']],
  ['eks.amazonaws.com/capacityType', ['SPOT']],
  ['cloud.google.com/gke-spot', ['true']],
  ['cloud.google.com/gke-preemptible', ['true']],
  ['kubernetes.azure.com/scalesetpriority', ['spot']],
  ['spotinst.io/node-lifecycle', ['spot']],
]);

const SECOND_MS = 1000;
/** Priorities are 32-bit integers in Kubernetes. */
const LEAST_PRIORITY = -(2 ** 31);

/** The default values of a policy; docs/policies.md lists the same values. */
export const DEFAULT_POLICY: Policy = {
  name: 'default',
  match: { namespaces: [], labels: new Map(), classes: [] },
  gangs: 'on',
  leader: { strategy: 'pack', weights: new Map(), requireLabels: new Map(), pools: [], spot: 'avoid' },
  members: { strategy: 'pack', weights: new Map(), requireLabels: new Map(), pools: [], spot: 'prefer' },
  topology: { mode: 'none', keys: [], leader: true },
  queue: {
    blockAfterMs: 600 * SECOND_MS,
    patience: { times: 0, mostMs: 86_400 * SECOND_MS },
    backfill: 'reserve',
    order: 'fifo',
    overrun: 'wait',
    extras: 'lend',
  },
  spark: { minExecutors: 1 },
  reservation: { unclaimedMs: 600 * SECOND_MS, successorMs: 120 * SECOND_MS },
  priority: { add: 0, queues: new Map(), raiseTo: LEAST_PRIORITY, members: Infinity },
  deadline: { boost: 0, from: 2, full: 0.25, expectedMs: 3600 * SECOND_MS, late: 'keep' },
  preemption: {
    mode: 'advise',
    afterMs: 0,
    priorityGap: 1,
    queues: [],
    victims: 'scheduler',
    wholeGangs: false,
    minRuntimeMs: 60 * SECOND_MS,
    cascadeMs: 600 * SECOND_MS,
    maxGraceMs: 600 * SECOND_MS,
    protectedShare: 1,
    leaveWithinMs: 60 * SECOND_MS,
    budget: { perMinute: 100, perQueue: 100, perGang: 20, gangWindowMs: 600 * SECOND_MS },
    cost: {
      work: 1,
      workCapSeconds: 21_600,
      keptOn: { volumes: 0.3, store: 0.1, peers: 0.5 },
      keptGib: 60,
      comeback: 60,
      brokenGang: 300,
      restart: 300,
      deadline: 3600,
      deletionCost: 1,
      givenUp: 0.05,
      doomedNode: 0.1,
      gpuCores: 16,
    },
  },
  spotLabels: SPOT_LABELS,
  nodeLabel: { key: '', better: 'lower' },
};
