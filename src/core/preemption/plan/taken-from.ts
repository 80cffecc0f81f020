import type { TakenFrom } from '../../effects.ts';
import type { QueueNode } from '../../queue/tree.ts';
import type { ResourceColumns } from '../../resources.ts';
import type { QueueClaim } from '../candidates/share-rules.ts';
import type { Candidate } from '../candidates/candidate.ts';

/** The queues from which these candidates are reclaimed, with what each held and should have held before. */
export function takenFrom(
  claim: QueueClaim | undefined,
  candidates: readonly Candidate[],
  columns: ResourceColumns,
): readonly TakenFrom[] {
  const victims = new Map<QueueNode, number>();
  for (const { leaf, right } of candidates)
    if (leaf && right === 'share') victims.set(leaf, (victims.get(leaf) ?? 0) + 1);
  if (!claim) return [];
  return [...victims].map(([leaf, count]) => ({ ...mostOver(claim, leaf, columns), victims: count }));
}

/** What the leaf holds and should hold of the resource of which it holds most beyond its share. */
function mostOver(claim: QueueClaim, leaf: QueueNode, columns: ResourceColumns): Omit<TakenFrom, 'victims'> {
  const parts = claim.lacks.map((c) => ({ c, part: claim.overOf(leaf, c) / Math.max(1, claim.capacity[c] ?? 0) }));
  const [most] = parts.sort((a, b) => b.part - a.part);
  const c = most?.c ?? 0;
  const { used, entitled, guaranteed } = claim.figuresOf(leaf);
  const share = Math.max(entitled[c] ?? 0, guaranteed[c] ?? 0);
  return { queue: leaf.path, resource: columns.names[c] ?? 'cpu', held: used[c] ?? 0, share };
}
