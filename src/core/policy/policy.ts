/** The names of the scorers, as policy files use them. */
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

/** How the members of one kind (leader, or all other roles) are placed. */
export interface Preference {
  readonly strategy: StrategyName;
  /** Weights of the scorers, all >= 0; a scorer that is not named weighs 0. Used by strategy `weighted` and by prioritize. */
  readonly weights: ReadonlyMap<ScorerName, number>;
  /** Labels a node must have. */
  readonly requireLabels: ReadonlyMap<string, string>;
  /** For scorer `nodePool`: labels wanted (weight > 0) or avoided (weight < 0). */
  readonly pools: readonly { readonly key: string; readonly value: string; readonly weight: number }[];
  /** For scorer `spot`: whether spot nodes are wanted or avoided. */
  readonly spot: 'prefer' | 'avoid';
}

export interface Topology {
  /** `require`: the whole gang in one domain of one of the keys, or it waits. `prefer`: anywhere where no domain fits. */
  readonly mode: 'require' | 'prefer' | 'none';
  /** Node label keys, narrowest first (rack, then zone): the first key with a domain that fits is taken. */
  readonly keys: readonly string[];
  /** Whether the leader must be in the domain as well. */
  readonly leader: boolean;
}

/** How important a gang is, besides its leader's PriorityClass. */
interface PriorityRules {
  /** Added to every gang of the policy. */
  readonly add: number;
  /** Added to gangs of these queues. */
  readonly queues: ReadonlyMap<string, number>;
  /** Annotation muster.dev/priority may lower a gang's priority always, and raise it up to this. */
  readonly raiseTo: number;
}

/**
 * What a deadline adds to the priority. With slack = deadline - now - what the gang still has to run, in multiples of
 * its expected duration: nothing from `from` on, all of `boost` at `full` and below, in a straight line between.
 */
export interface DeadlineCurve {
  readonly boost: number;
  readonly from: number;
  readonly full: number;
  /** ms; where the gang does not say how long it takes. */
  readonly expectedMs: number;
  /** Whether the boost stays once the deadline has passed. */
  readonly late: 'keep' | 'drop';
}

export const PREEMPTION_MODES = ['off', 'advise', 'enforce'] as const;

/** For whom others are evicted, who they may be, and how many. The waiting gang's policy counts. */
export interface PreemptionRules {
  /** `advise` says whom and evicts nobody. */
  readonly mode: (typeof PREEMPTION_MODES)[number];
  /** ms that a gang waits before others are evicted for it. */
  readonly afterMs: number;
  /** A victim's priority is lower by at least this; 1 or more. */
  readonly priorityGap: number;
  /** Queues whose gangs may be victims; empty: all. */
  readonly queues: readonly string[];
  /** Whose pods may be victims: of gangs alone, of all pods of muster's scheduler, or of anybody. */
  readonly victims: 'gangs' | 'scheduler' | 'any';
  /** Whether a leader may be evicted, always with its whole gang, where nothing less helps. */
  readonly wholeGangs: boolean;
  /** ms that a pod has run before it is evicted; elastic members go at any age. */
  readonly minRuntimeMs: number;
  /** ms for which a gang that lost members may not have others evicted. */
  readonly cascadeMs: number;
  /** A pod with a longer grace period (ms) is nobody's victim: its room would be held all that time. */
  readonly maxGraceMs: number;
  /** ms beyond its grace period that a victim has to be gone. */
  readonly leaveWithinMs: number;
  readonly budget: {
    /** Evictions in any 60 s. */
    readonly perMinute: number;
    /** Of these, victims of one queue. */
    readonly perQueue: number;
    /** Members that one gang loses in `gangWindowMs` while it lives on. */
    readonly perGang: number;
    readonly gangWindowMs: number;
  };
  readonly cost: CostWeights;
}

/** What makes a victim dear. The sum is in core-seconds; docs/preemption.md has the formula. */
export interface CostWeights {
  /** Core-seconds per core-second that the pod has run (or, where polled, has worked). */
  readonly work: number;
  /** Seconds of run time after which a member holds no more that would have to be made again. */
  readonly workCapSeconds: number;
  /** What is left of `work` where the gang keeps its output on volumes, in a store, or moves it to peers; 0..1. */
  readonly keptOn: Readonly<Record<'volumes' | 'store' | 'peers', number>>;
  /** Core-seconds per GiB of shuffle output and cache, where polled. */
  readonly keptGib: number;
  /** Seconds times cores: a victim that its gang needs comes back, and starts anew. */
  readonly comeback: number;
  /** Seconds times the cores of a gang's minimum: it falls below that. */
  readonly brokenGang: number;
  /** Seconds times cores, for each restart and each earlier eviction. */
  readonly restart: number;
  /** Seconds times cores, where the loss makes a deadline be missed. */
  readonly deadline: number;
  /** Core-seconds per point of controller.kubernetes.io/pod-deletion-cost. */
  readonly deletionCost: number;
  /** What is left of the cost where the member is given up by its own gang; 0..1. */
  readonly givenUp: number;
  /** What is left of the cost where the node is about to go; 0..1. */
  readonly doomedNode: number;
  /** Cores that one GPU counts as. */
  readonly gpuCores: number;
}

export interface Policy {
  readonly name: string;
  /** Which pods it is for; an empty list or map matches all. The first policy of the file that matches is taken. */
  readonly match: { readonly namespaces: readonly string[]; readonly labels: ReadonlyMap<string, string> };
  /** `off`: every pod is placed alone, gang declarations are ignored. */
  readonly gangs: 'on' | 'off';
  readonly leader: Preference;
  readonly members: Preference;
  readonly topology: Topology;
  readonly queue: {
    /**
     * A gang at the head of its queue that has waited this long (ms) blocks those behind it.
     * 0: strict order; Infinity: whoever fits starts.
     */
    readonly blockAfterMs: number;
  };
  readonly reservation: {
    /** ms until slots that no member has claimed yet are given up. */
    readonly unclaimedMs: number;
    /** ms for which a dead member's slot is kept for its successor. */
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

/** What holds where a policy says nothing; docs/policies.md lists the same values. */
export const DEFAULT_POLICY: Policy = {
  name: 'default',
  match: { namespaces: [], labels: new Map() },
  gangs: 'on',
  leader: { strategy: 'pack', weights: new Map(), requireLabels: new Map(), pools: [], spot: 'avoid' },
  members: { strategy: 'pack', weights: new Map(), requireLabels: new Map(), pools: [], spot: 'prefer' },
  topology: { mode: 'none', keys: [], leader: true },
  queue: { blockAfterMs: 600 * SECOND_MS },
  reservation: { unclaimedMs: 600 * SECOND_MS, successorMs: 120 * SECOND_MS },
  priority: { add: 0, queues: new Map(), raiseTo: LEAST_PRIORITY },
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
