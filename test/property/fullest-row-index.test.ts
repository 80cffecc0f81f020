import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cluster } from '../../src/core/cluster/cluster.ts';
import { nodeMatches } from '../../src/core/cluster/eligibility.ts';
import type { Constraints } from '../../src/core/model.ts';
import type { Need } from '../../src/core/placement/need.ts';
import { FullestRowIndex } from '../../src/core/placement/fullest-row-index.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { NO_CONSTRAINTS, node, pod, resources } from '../support/builders.ts';

const TOLERANT: Constraints = {
  ...NO_CONSTRAINTS,
  tolerations: [{ key: '', operator: 'Exists', value: '', effect: '' }],
};
const MOST_NODES = 40;

type Step =
  | { readonly kind: 'node'; readonly name: number; readonly cpu: number; readonly unschedulable: boolean }
  | { readonly kind: 'gone'; readonly name: number }
  | { readonly kind: 'bind'; readonly uid: number; readonly name: number; readonly cpu: number }
  | { readonly kind: 'unbind'; readonly uid: number }
  | { readonly kind: 'ask'; readonly cpu: number; readonly constraints: Constraints };

const name = fc.nat(MOST_NODES - 1);
const uid = fc.nat(60);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('node' as const), name, cpu: fc.nat(8), unschedulable: fc.boolean() }),
  fc.record({ kind: fc.constant('gone' as const), name }),
  fc.record({ kind: fc.constant('bind' as const), uid, name, cpu: fc.nat(4) }),
  fc.record({ kind: fc.constant('unbind' as const), uid }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      cpu: fc.nat(4),
      constraints: fc.constantFrom(NO_CONSTRAINTS, TOLERANT),
    }),
  },
);

/** Looks at every row. */
function expected({ table }: Cluster, { vector }: Need, constraints: Constraints): number | undefined {
  let [best, most] = [-1, -1];
  for (let row = 0; row < table.rows; row++) {
    const node = table.nodeAt(row);
    if (!node || !nodeMatches(constraints, node) || !table.fits(row, vector)) continue;
    let fill = 0;
    vector.forEach((asked, c) => {
      const total = table.allocatable[c]![row]!;
      if (asked === 0 || c === table.columns.pods || total === 0) return;
      fill = Math.max(fill, 1 - (table.free[c]![row]! - asked) / total);
    });
    if (fill > most) [best, most] = [row, fill];
  }
  return best < 0 ? undefined : best;
}

test('the fullest row is the one that a look at all rows finds, whatever changed between two asks', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 200 }), (steps) => {
      const cluster = new Cluster();
      for (let i = 0; i < MOST_NODES; i++) cluster.putNode(node(`n${i}`, { cpu: 4 + (i % 4) }));
      const fullest = new FullestRowIndex(cluster.table);
      for (const one of steps) {
        switch (one.kind) {
          case 'node':
            cluster.putNode(node(`n${one.name}`, { cpu: one.cpu, unschedulable: one.unschedulable }));
            break;
          case 'gone':
            cluster.removeNode(`n${one.name}`);
            break;
          case 'bind':
            cluster.bind(pod(`p${one.uid}`, { cpu: one.cpu }), `n${one.name}`);
            break;
          case 'unbind':
            cluster.unbind(pod(`p${one.uid}`).uid);
            break;
          case 'ask': {
            const need: Need = {
              role: 'executor',
              count: 1,
              vector: cluster.requestVector(resources({ cpu: one.cpu }, 1)),
              eligible: cluster.eligibility.maskFor(one.constraints),
              preference: DEFAULT_POLICY.members,
              images: [],
              isLeader: false,
            };
            expect(fullest.best(need)).toBe(expected(cluster, need, one.constraints));
          }
        }
      }
    }),
  );
});
