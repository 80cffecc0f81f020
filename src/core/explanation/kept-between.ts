import { isBeyondShare } from '../gang/claimants.ts';
import type { Gang } from '../gang/gang.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { QueueClaim } from '../preemption/candidates/share-rules.ts';
import type { Finding } from '../preemption/search/find-victims.ts';
import { pathTo, type QueueNode } from '../queue/tree.ts';
import { amountOf } from './amounts.ts';
import { ofShare } from './held-beyond.ts';

/** As many queues are named. */
const MOST_NAMED = 3;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why nothing is taken from other queues for the gang, in sentences. @param notNow why nothing may be, whatever they hold */
export function keptBetween(
  ctx: PreemptionContextView,
  gang: Gang,
  { claim, spared }: Extract<Finding, { kind: 'none' }>,
  notNow: string | undefined,
): string[] {
  if (!claim || gang.queue.reclaim.mode === 'off') return [];
  if (notNow !== undefined) {
    const couldBe = gang.queue.reclaim.mode === 'enforce' && !isBeyondShare(ctx, gang.queue, gang.ask);
    return couldBe ? [`Nothing is taken from other queues for it yet: ${notNow}.`] : [];
  }
  const others = [...ctx.tree.nodes()].filter((node) => node.isLeaf && node.holds.parts > 0 && node !== gang.queue);
  const rules = others.map((leaf) => ({ leaf, rule: claim.rulesOf(leaf).keptBy }));
  const own = rules.find(({ rule }) => rule === 'own share');
  if (own) return [ownShare(ctx, gang, claim, own.leaf)];
  const kept = rules.filter(({ rule }) => rule !== undefined).slice(0, MOST_NAMED);
  const out = kept.map(({ leaf, rule }) => keptSentence(ctx, claim, leaf, rule === 'guarantee'));
  if (spared) out.push(gainSentence(ctx, claim, spared));
  return out;
}

/** Which queue of the gang's would hold more than its share with it, and of what. */
function ownShare(ctx: PreemptionContextView, { queue, ask }: Gang, claim: QueueClaim, leaf: QueueNode): string {
  const { names } = ctx.cluster.columns;
  const competitors = claim.rulesOf(leaf).chain[0]?.parent;
  const own = pathTo(queue);
  const nodes = own.slice(own.findIndex(({ parent }) => parent === competitors));
  for (const [i, node] of nodes.entries()) {
    const { used, entitled, assured, guaranteed } = claim.figuresOf(node);
    const isGuarantee = i === 0 && queue.reclaim.to === 'guarantee';
    const most = isGuarantee ? assured : entitled;
    const c = claim.columns.find((one) => ask[one]! > 0 && used[one]! + ask[one]! > most[one]!);
    if (c === undefined) continue;
    const [resource, held] = [names[c]!, used[c]! + ask[c]!];
    const share = (isGuarantee ? guaranteed : entitled)[c]!;
    const what =
      isGuarantee && share === 0
        ? `${amountOf(resource, held)}, and it is guaranteed none`
        : ofWhat({ resource, held, share }, isGuarantee);
    return `With it, queue ${node.path} would hold ${what}: it takes nothing from other queues.`;
  }
  return `With it, queue ${queue.path} would hold more than its share: it takes nothing from other queues.`;
}

function keptSentence(
  { cluster: { columns } }: PreemptionContextView,
  claim: QueueClaim,
  leaf: QueueNode,
  isGuarantee: boolean,
): string {
  const { used, entitled, guaranteed } = claim.figuresOf(leaf);
  const c = claim.lacks[0] ?? 0;
  const [resource, held] = [columns.names[c]!, used[c] ?? 0];
  const share = (isGuarantee ? guaranteed : entitled)[c] ?? 0;
  return `Queue ${leaf.path} holds ${ofWhat({ resource, held, share }, isGuarantee)}: nobody is evicted from it.`;
}

function ofWhat(held: Parameters<typeof ofShare>[0], isGuarantee: boolean): string {
  const what = ofShare(held);
  return isGuarantee ? what.replace(' of its ', ' of its guaranteed ') : what;
}

type Spared = NonNullable<Extract<Finding, { kind: 'none' }>['spared']>;

function gainSentence({ cluster: { columns } }: PreemptionContextView, claim: QueueClaim, spared: Spared): string {
  const c = claim.lacks[0] ?? 0;
  const [resource, capacity] = [columns.names[c]!, claim.capacity[c] ?? 0];
  const step = resource === 'cpu' ? 10 : 1;
  const text = (part: number) => amountOf(resource, Math.round((part * capacity) / step) * step);
  return `To evict from queue ${spared.leaf.path} would gain ${text(spared.gain)} and cost ${text(spared.loss)} of what it is entitled to.`;
}
