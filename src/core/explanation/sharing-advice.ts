import { hasBit } from '../cluster/eligibility.ts';
import type { ClusterView } from '../cluster/cluster.ts';
import type { Gang } from '../gang/gang.ts';
import { suitableFor, type Need } from '../placement/need.ts';
import { counted } from '../wording.ts';

/** How many nodes would suit the gang and are closed to it because of whose pods are there, as a sentence. */
export function sharingAdvice({ table }: ClusterView, { queue }: Gang, needs: readonly Need[]): readonly string[] {
  let closed = 0;
  for (let row = 0; row < table.rows; row++)
    if (needs.some((need) => hasBit(suitableFor(need), row) && !hasBit(need.eligible, row))) closed++;
  if (closed === 0) return [];
  const nodes = `${counted(closed, 'node')} that ${closed === 1 ? 'suits' : 'suit'} its members`;
  const has = closed === 1 ? 'has' : 'have';
  return queue.isExclusive
    ? [`Queue ${queue.path} shares no node with other namespaces (exclusive): ${nodes} ${has} pods of others.`]
    : [`${nodes} ${closed === 1 ? 'is' : 'are'} of another namespace alone, whose queue shares no node (exclusive).`];
}
