import type { Gang } from '../../gang/gang.ts';
import { askOf } from '../../gang/needs.ts';
import { isOfSystem } from '../../policy/system-priority.ts';
import { pathTo, type QueueNode } from '../../queue/tree.ts';
import type { Vector } from '../../resources.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionContextView } from './context.ts';

/** By what right a pod may be a victim: it has a lower priority, or its queue holds more than its share. */
export type Right = 'priority' | 'share';

/** Which of the two a gang may make use of. */
export interface Means {
  readonly priority: boolean;
  readonly share: boolean;
}

/** The rules between queues that keep a pod. */
export const SHARE_RULES = ['share', 'guarantee', 'own share', 'gain', 'reclaim from'] as const;
export type ShareRule = (typeof SHARE_RULES)[number];

/** Figures that differ by less than this part are equal: rounding evicts no pod. */
const ROUNDING = 1e-9;

/** What one queue holds and should hold, by column, as it was when the search began. */
export interface Figures {
  readonly used: Vector;
  readonly entitled: Vector;
  readonly guaranteed: Vector;
  readonly assured: Vector;
  readonly max: Vector;
}

/** What the rules say of all pods of one leaf. */
export interface LeafRules {
  /** From the queue below the lowest common ancestor with the claimant's down to the leaf; empty: it is the claimant's own. */
  readonly chain: readonly QueueNode[];
  /** Whether a lower priority makes its pods victims. */
  readonly isReached: boolean;
  /** Why none of its pods can be reclaimed. */
  readonly keptBy: ShareRule | undefined;
  /** Whether the claimant would be within its entitlement. */
  readonly isClaimantWithin: boolean;
  /** Gain must not be greater than loss. */
  readonly isIndivisible: boolean;
  /** Whose pods go first: -2: beyond its max, -1: over its entitlement, 0: others. */
  readonly rank: number;
}

/** The queue that answers for a pod; undefined: none does. @param gang of the pod; undefined: no leader has declared it */
export const leafOf = (
  { usage }: Pick<PreemptionContextView, 'usage'>,
  pod: Pick<PodInfo, 'membership' | 'uid'>,
  gang: Gang | undefined,
): QueueNode | undefined =>
  gang ? gang.queue : (pod.membership ? usage.ownerOf(pod.membership.gang) : usage.ownerOfPod(pod.uid))?.leaf;

type ClaimContext = Pick<PreemptionContextView, 'tree' | 'shares' | 'cluster' | 'gangs' | 'usage'>;

interface Claimed {
  readonly ctx: ClaimContext;
  readonly leaf: QueueNode;
  /** What it needs to start, by column. */
  readonly ask: Vector;
  /** The effective priority. */
  readonly priority: number;
  /** Columns of which there is too little for it. */
  readonly lacks: readonly number[];
  readonly means: Means;
  /** Pods that are being deleted still count as held; absent: as gone. */
  readonly withDeleting?: boolean;
}

type Verdict = { readonly right: Right } | { readonly rule: ShareRule | 'priority' };

/**
 * What a gang may take from other queues, for one search: by share, if its own queue stays within its share and the other
 * is over; by priority, as far as that reaches between queues. Shares are as they were when the search began.
 */
export class QueueClaim {
  readonly #claimed: Claimed;
  readonly #leaves = new Map<QueueNode, LeafRules>();
  readonly #figures = new Map<QueueNode, Figures>();
  #deleting: ReadonlyMap<QueueNode, Float64Array> | undefined;

  constructor(claimed: Claimed) {
    this.#claimed = claimed;
  }

  get leaf(): QueueNode {
    return this.#claimed.leaf;
  }

  get ask(): Vector {
    return this.#claimed.ask;
  }

  /** Columns of which there is too little for the gang: a queue is over in one of these, or not at all. */
  get lacks(): readonly number[] {
    return this.#claimed.lacks;
  }

  /** What is shared out, by column. */
  get capacity(): Vector {
    return this.#claimed.ctx.shares.capacity;
  }

  get columns(): readonly number[] {
    return this.#claimed.ctx.shares.columns;
  }

  /** By what right pods of the leaf may be victims, or which rule keeps them all. @param leaf undefined: no queue counts it */
  verdictOn(leaf: QueueNode | undefined, isLower: boolean): Verdict {
    const { means } = this.#claimed;
    const isByPriority = means.priority && isLower;
    if (!leaf) return isByPriority ? BY_PRIORITY : KEPT_BY_PRIORITY;
    const { isReached, keptBy, chain } = this.rulesOf(leaf);
    if (isByPriority && isReached) return BY_PRIORITY;
    if (chain.length === 0 || !means.share) return KEPT_BY_PRIORITY;
    return keptBy === undefined ? BY_SHARE : { rule: keptBy };
  }

  rankOf(leaf: QueueNode | undefined): number {
    return leaf ? this.rulesOf(leaf).rank : 0;
  }

  rulesOf(leaf: QueueNode): LeafRules {
    let known = this.#leaves.get(leaf);
    if (!known) this.#leaves.set(leaf, (known = this.#makeRules(leaf)));
    return known;
  }

  figuresOf(node: QueueNode): Figures {
    let known = this.#figures.get(node);
    if (!known) this.#figures.set(node, (known = this.#makeFigures(node)));
    return known;
  }

  /** How much more the queue holds than it is entitled to and guaranteed; at most 0: it is not over. */
  overOf(node: QueueNode, c: number): number {
    const { used, entitled, guaranteed } = this.figuresOf(node);
    const should = Math.max(entitled[c] ?? 0, guaranteed[c] ?? 0);
    return (used[c] ?? 0) - should - Math.max(1e-6, should * ROUNDING);
  }

  #makeRules(leaf: QueueNode): LeafRules {
    const { leaf: own, ask, priority, ctx, means } = this.#claimed;
    const [ours, theirs] = [pathTo(own), pathTo(leaf)];
    let common = 0;
    while (common < ours.length && ours[common] === theirs[common]) common++;
    if (common === ours.length) return OWN;
    const chain = theirs.slice(common);
    const { priority: reach } = ours[common]!.parent!;
    const tiers = ours.slice(common).map((node) => ctx.shares.tierAt(node, ask));
    const isClaimantWithin = tiers.every((tier) => tier <= 1);
    return {
      chain,
      isReached: reach !== 'within' || isOfSystem(priority),
      isClaimantWithin,
      keptBy: means.share ? this.#keeperOf(leaf, chain, isClaimantWithin && this.#isClaim(tiers[0]!)) : 'share',
      isIndivisible: own.reclaim.indivisible === 'allow' && tiers[0] === 0,
      rank: this.#rank(chain),
    };
  }

  #isClaim(tier: number): boolean {
    return tier === 0 || this.#claimed.leaf.reclaim.to === 'share';
  }

  #keeperOf(leaf: QueueNode, chain: readonly QueueNode[], isClaim: boolean): ShareRule | undefined {
    const { from } = this.#claimed.leaf.reclaim;
    if (from.length > 0 && !from.some((path) => isAtOrBelow(leaf.path, path))) return 'reclaim from';
    if (!isClaim) return 'own share';
    if (this.lacks.some((c) => chain.every((node) => this.overOf(node, c) > 0))) return undefined;
    return this.#isWithinGuarantee(chain) ? 'guarantee' : 'share';
  }

  #isWithinGuarantee(chain: readonly QueueNode[]): boolean {
    return chain.some((node) => {
      const { used, assured } = this.figuresOf(node);
      return this.lacks.every((c) => (used[c] ?? 0) <= (assured[c] ?? 0));
    });
  }

  #rank(chain: readonly QueueNode[]): number {
    const isBeyondMax = chain.some((node) => {
      const { used, max } = this.figuresOf(node);
      return this.columns.some((c) => (used[c] ?? 0) > (max[c] ?? Infinity));
    });
    if (isBeyondMax) return -2;
    return this.lacks.some((c) => chain.every((node) => this.overOf(node, c) > 0)) ? -1 : 0;
  }

  #makeFigures(node: QueueNode): Figures {
    const { shares, cluster } = this.#claimed.ctx;
    const { entitled, guaranteed, assured, max } = shares.of(node);
    this.#deleting ??= this.#claimed.withDeleting ? new Map() : deletingBelow(this.#claimed.ctx);
    const going = this.#deleting.get(node);
    const { size } = cluster.columns;
    const used = Float64Array.from({ length: size }, (_, c) => shares.usedOf(node, c) - (going?.[c] ?? 0));
    return { used, entitled, guaranteed, assured, max };
  }
}

/** What each queue will soon hold less, because it is being deleted. What leaves for a gang is not counted as held anyway. */
function deletingBelow({ cluster, gangs, usage }: ClaimContext): ReadonlyMap<QueueNode, Float64Array> {
  const out = new Map<QueueNode, Float64Array>();
  for (const { pod, vector, isLeaving } of cluster.deletingPods) {
    const leaf = isLeaving ? undefined : leafOf({ usage }, pod, gangs.get(pod.membership?.gang ?? ''));
    for (const node of leaf ? pathTo(leaf) : []) {
      const sum = out.get(node) ?? new Float64Array(cluster.columns.size);
      for (let c = 0; c < vector.length; c++) sum[c]! += vector[c]!;
      out.set(node, sum);
    }
  }
  return out;
}

const BY_PRIORITY: Verdict = { right: 'priority' };
const BY_SHARE: Verdict = { right: 'share' };
const KEPT_BY_PRIORITY: Verdict = { rule: 'priority' };

/** Inside its own queue nothing but priority decides. */
const OWN: LeafRules = {
  chain: [],
  isReached: true,
  keptBy: undefined,
  isClaimantWithin: true,
  isIndivisible: false,
  rank: 0,
};

const isAtOrBelow = (path: string, of: string): boolean => path === of || path.startsWith(`${of}.`);

/** The gang's claim on other queues; undefined: none are configured, and priority alone decides. */
export function queueClaimOf(
  ctx: ClaimContext,
  gang: Gang,
  { lacks, ...rest }: Pick<Claimed, 'priority' | 'means' | 'withDeleting'> & { readonly lacks?: readonly number[] },
): QueueClaim | undefined {
  if (!ctx.tree.isConfigured) return undefined;
  const ask = askOf(ctx.cluster, gang);
  const asked = ctx.shares.columns.filter((c) => (ask[c] ?? 0) > 0);
  return new QueueClaim({ ctx, leaf: gang.queue, ask, ...rest, lacks: lacks ?? asked });
}

/** So far apart are the levels of candidates of different ranks: further than any two priorities. */
const RANK_STEP = 2 ** 40;

/** The level of a candidate: rank before priority. */
export const levelAt = (priority: number, rank: number): number => priority + rank * RANK_STEP;

/** The priority of a candidate of that level. */
export const priorityAt = (level: number): number => level - Math.round(level / RANK_STEP) * RANK_STEP;
