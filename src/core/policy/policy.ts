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
  spotLabels: SPOT_LABELS,
  nodeLabel: { key: '', better: 'lower' },
};
