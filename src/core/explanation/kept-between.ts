import type { Gang } from '../gang/gang.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { QueueClaim } from '../preemption/candidates/share-rules.ts';
import type { Finding } from '../preemption/search/find-victims.ts';
import type { QueueNode } from '../queue/tree.ts';
import { amountOf } from './amounts.ts';
import { ofShare } from './held-beyond.ts';

/** As many queues are named. */
const MOST_NAMED = 3;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why nothing is taken from other queues for the gang, in sentences. */
export function keptBetween(
  ctx: PreemptionContextView,
  gang: Gang,
  { claim, spared }: Extract<Finding, { kind: 'none' }>,
): string[] {
  if (!claim || gang.queue.reclaim.mode === 'off') return [];
  const others = [...ctx.tree.nodes()].filter((node) => node.isLeaf && node.holds.parts > 0 && node !== gang.queue);
  const rules = others.map((leaf) => ({ leaf, rule: claim.rulesOf(leaf).keptBy }));
  if (rules.some(({ rule }) => rule === 'own share')) return [ownShare(ctx, gang, claim)];
  const kept = rules.filter(({ rule }) => rule !== undefined).slice(0, MOST_NAMED);
  const out = kept.map(({ leaf, rule }) => keptSentence(ctx, claim, leaf, rule === 'guarantee'));
  if (spared) out.push(gainSentence(ctx, claim, spared));
  return out;
}

function ownShare({ cluster: { columns } }: PreemptionContextView, { queue, ask }: Gang, claim: QueueClaim): string {
  const { used, entitled, guaranteed } = claim.figuresOf(queue);
  const should = queue.reclaim.to === 'guarantee' ? guaranteed : entitled;
  const c =
    claim.columns.find((one) => ask[one]! > 0 && used[one]! + ask[one]! > should[one]!) ?? claim.columns[0] ?? 0;
  const [resource, held, share] = [columns.names[c]!, (used[c] ?? 0) + (ask[c] ?? 0), should[c] ?? 0];
  return `With it, queue ${queue.path} would hold ${ofShare({ resource, held, share })}: it takes nothing from other queues.`;
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
  const what = ofShare({ resource, held, share });
  const of = isGuarantee ? what.replace(' of its ', ' of its guaranteed ') : what;
  return `Queue ${leaf.path} holds ${of}: nobody is evicted from it.`;
}

type Spared = NonNullable<Extract<Finding, { kind: 'none' }>['spared']>;

function gainSentence({ cluster: { columns } }: PreemptionContextView, claim: QueueClaim, spared: Spared): string {
  const c = claim.lacks[0] ?? 0;
  const [resource, capacity] = [columns.names[c]!, claim.capacity[c] ?? 0];
  const text = (part: number) => amountOf(resource, Math.round((part * capacity) / 10) * 10);
  return `To evict from queue ${spared.leaf.path} would gain ${text(spared.gain)} and cost ${text(spared.loss)} of what it is entitled to.`;
}
