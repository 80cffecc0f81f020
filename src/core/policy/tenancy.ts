import type { Resources } from '../resources.ts';
import type { PreemptionRules } from './policy.ts';

/** In the shares of a quota: every resource that is shared out by default and that the quota does not name. */
export const EVERY_RESOURCE = '*';

/**
 * Amounts by resource: fixed ones, and parts of what the cluster has (0..1; of EVERY_RESOURCE too). A resource that is in
 * neither has none.
 */
export interface Quota {
  readonly amounts: Resources;
  readonly shares: ReadonlyMap<string, number>;
}

export const QUEUE_ORDERINGS = ['fifo', 'shortest', 'deadline', 'fair'] as const;
/**
 * Whether priority counts between queues. `within`: in each queue by itself. `across`: between queues that are equally
 * far below their share. `first`: before shares.
 */
export const PRIORITY_REACHES = ['within', 'across', 'first'] as const;
/** Which queue's turn it is: `share`: who is furthest below its entitlement; `fifo`: who came first; the others below. */
export const TURN_ORDERS = ['share', 'fifo', 'borrowing', 'guarantee-ratio'] as const;

/** What one user may hold in a queue. */
export interface UserLimit {
  /** Empty: no limit. */
  readonly max: Quota;
  /** Admitted gangs; Infinity: no limit. */
  readonly gangs: number;
}

/** How a queue gets back what others have borrowed from it, and who may take from it what it has borrowed. */
export interface ReclaimRules {
  /** `advise` names the victims and evicts no pod. */
  readonly mode: PreemptionRules['mode'];
  /** For gangs that stay within their queue's guarantee, or within its entitlement. */
  readonly to: 'guarantee' | 'share';
  /** How long a gang waits before pods of other queues are evicted for it, in ms. */
  readonly afterMs: number;
  /** It waits longer where running gangs should end in time: no longer than this, in ms. */
  readonly patienceMs: number;
  /** Queues, and with them all below, that victims may be in; empty: all. */
  readonly from: readonly string[];
  /** Whether gain must be greater than loss also for a gang within its queue's guarantee. */
  readonly indivisible: 'spare' | 'allow';
  /** How long a queue may hold more than a `max` that was lowered before what is beyond it is evicted, in ms; Infinity: for ever. */
  readonly maxAfterMs: number;
}

/** Hours of every day in which a queue yields to others. */
export interface YieldHours {
  /** Minutes since midnight; `to` before `from`: over midnight. */
  readonly from: number;
  readonly to: number;
  /** An IANA time zone. */
  readonly zone: string;
}

/** One queue, as the file says it. */
export interface QueueSpec {
  /** A DNS label; unique among its siblings. */
  readonly name: string;
  /** What it always gets when it needs it. */
  readonly guaranteed: Quota;
  /** The most that it holds. */
  readonly max: Quota;
  /** So much of its idle guarantee others may use; undefined: all. */
  readonly lend: Quota | undefined;
  /** Its part of what nobody is guaranteed; above 0. */
  readonly weight: number;
  /** Which of two gangs of one priority is ahead; undefined: as the policy of each gang says. */
  readonly order: (typeof QUEUE_ORDERINGS)[number] | undefined;
  /** Between the queues below it; undefined: as the parent. */
  readonly priority: (typeof PRIORITY_REACHES)[number] | undefined;
  readonly users: UserLimit & {
    /** Limits of single users in place of the general one. */
    readonly of: ReadonlyMap<string, UserLimit>;
  };
  /** The most that it runs; Infinity: no limit. */
  readonly running: { readonly gangs: number; readonly pods: number; readonly podsPerNamespace: number };
  /** The most that one member may request; empty: no limit. */
  readonly podSize: Resources;
  /** How much beyond `max` members may come in place of those that their gang gives up, as a part of `max`. */
  readonly surge: number;
  /** undefined: as the parent. */
  readonly reclaim: ReclaimRules | undefined;
  readonly yields: YieldHours | undefined;
  /** Who may use it, as patterns with `*`; empty: every namespace. */
  readonly namespaces: readonly string[];
  /** Pods of no gang: `count` them, `gate` them at `max` too, or `ignore` them. */
  readonly singles: 'count' | 'gate' | 'ignore';
  /** Labels that the nodes of its gangs must have. */
  readonly nodes: ReadonlyMap<string, string>;
  /** `namespace`: its pods use only nodes on which no other namespace has pods, apart from those that stay with a node. */
  readonly exclusive: 'namespace' | 'none';
  readonly queues: readonly QueueSpec[];
  /** What a queue below it is like that a rule makes when it is first needed; undefined: as a queue with a name alone. */
  readonly each: QueueSpec | undefined;
}

/** Puts pods into a queue; the first rule whose conditions all hold counts. Patterns may have `*`. */
export interface QueueRule {
  readonly namespaces: readonly string[];
  /** Names of namespace groups. */
  readonly groups: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly users: readonly string[];
  /** Names of dialects. */
  readonly dialects: readonly string[];
  /** A path, with `{namespace}`, `{user}` or `{label:KEY}` in place of a name. */
  readonly queue: string;
  /** Whether it counts whatever queue the pod names. */
  readonly force: boolean;
}

export interface NamespaceGroup {
  readonly name: string;
  /** Patterns with `*`. */
  readonly namespaces: readonly string[];
  /** Pods of each of its namespaces, and of all together; Infinity: no limit. */
  readonly podsPerNamespace: number;
  readonly pods: number;
  /** As in QueueSpec. */
  readonly podSize: Resources;
}

export interface Fairness {
  /** The resources that are shared out; undefined: cpu, memory and every extended resource that a node has. */
  readonly resources: readonly string[] | undefined;
  /** Between the top queues. */
  readonly priority: (typeof PRIORITY_REACHES)[number];
  readonly turns: (typeof TURN_ORDERS)[number];
  /** How much past use counts, 0..1, and after how long it counts half, in ms. */
  readonly memory: number;
  readonly halfLifeMs: number;
}

/** A token bucket. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How fast gangs may be admitted. Absent: as fast as they come. */
export interface Rates {
  readonly pods: Rate | undefined;
  /** Of each namespace that matches a pattern. */
  readonly namespaces: (Rate & { readonly match: readonly string[] }) | undefined;
  /** Image pulls, by patterns of the registry's name. */
  readonly registries: readonly (Rate & { readonly match: string })[];
}

/** Addresses of one zone or subnet: of each value of a node label. */
export interface AddressPool {
  readonly key: string;
  /** For values that `sizes` does not name. */
  readonly size: number;
  readonly sizes: ReadonlyMap<string, number>;
  /** So many are left free. */
  readonly keep: number;
  /** How long after its pod an address stays in use, in ms. */
  readonly cooldownMs: number;
}

/** What a node costs in an hour; the first that matches counts. */
export type Price =
  | { readonly kind: 'fixed'; readonly labels: ReadonlyMap<string, string>; readonly perHour: number }
  | { readonly kind: 'label'; readonly labels: ReadonlyMap<string, string>; readonly key: string };

/** Who shares the cluster, and how: what the file says beside its policies. */
export interface Tenancy {
  readonly queues: readonly QueueSpec[];
  readonly rules: readonly QueueRule[];
  readonly groups: readonly NamespaceGroup[];
  readonly fairness: Fairness;
  readonly rates: Rates;
  readonly addresses: readonly AddressPool[];
  readonly prices: readonly Price[];
}

export const NO_QUOTA: Quota = { amounts: new Map(), shares: new Map() };

export const DEFAULT_RECLAIM: ReclaimRules = {
  mode: 'advise',
  to: 'guarantee',
  afterMs: 60_000,
  patienceMs: 300_000,
  from: [],
  indivisible: 'spare',
  maxAfterMs: Infinity,
};

/** A queue of which the file says its name alone. */
export const plainQueue = (name: string): QueueSpec => ({
  name,
  guaranteed: NO_QUOTA,
  max: NO_QUOTA,
  lend: undefined,
  weight: 1,
  order: undefined,
  priority: undefined,
  users: { max: NO_QUOTA, gangs: Infinity, of: new Map() },
  running: { gangs: Infinity, pods: Infinity, podsPerNamespace: Infinity },
  podSize: new Map(),
  surge: 0.1,
  reclaim: undefined,
  yields: undefined,
  namespaces: [],
  singles: 'count',
  nodes: new Map(),
  exclusive: 'none',
  queues: [],
  each: undefined,
});

/** No queue is configured: nothing is limited, queues are there by name and take turns, and priority goes before turns. */
export const OPEN_TENANCY: Tenancy = {
  queues: [],
  rules: [],
  groups: [],
  fairness: { resources: undefined, priority: 'first', turns: 'share', memory: 0, halfLifeMs: 86_400_000 },
  rates: { pods: undefined, namespaces: undefined, registries: [] },
  addresses: [],
  prices: [],
};

/** Whether pods may be evicted for gangs of another queue. */
export const isReclaiming = ({ queues }: Tenancy): boolean => queues.some(reclaims);

const reclaims = ({ reclaim, queues, each }: QueueSpec): boolean =>
  reclaim?.mode === 'enforce' || queues.some(reclaims) || (each !== undefined && reclaims(each));

/** Whether gangs may have to wait although there is room: for their queue, a rate or addresses. */
export const isLimiting = ({ queues, groups, rates, addresses }: Tenancy): boolean =>
  [queues, groups, rates.registries, addresses].some((rules) => rules.length > 0) ||
  rates.pods !== undefined ||
  rates.namespaces !== undefined;

/** Whether the file says which queues there are. */
export const hasQueues = ({ queues }: Tenancy): boolean => queues.length > 0;
