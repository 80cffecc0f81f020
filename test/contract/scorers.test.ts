import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cluster } from '../../src/core/cluster/cluster.ts';
import type { NodeTable } from '../../src/core/cluster/node-table.ts';
import { DEFAULT_POLICY, type ScorerName } from '../../src/core/policy/policy.ts';
import { scorers } from '../../src/core/policy/registry.ts';
import { WeightEngine } from '../../src/core/policy/score.ts';
import type { Scorer, ScoreInput } from '../../src/core/policy/scorer.ts';
import { node, pod, resources, type NodeOptions } from '../support/builders.ts';

const policy = { ...DEFAULT_POLICY, nodeLabel: { key: 'price', better: 'lower' as const } };
const preference = {
  ...policy.members,
  pools: [
    { key: 'pool', value: 'good', weight: 2 },
    { key: 'pool', value: 'bad', weight: -1 },
  ],
};

function inputOf(nodes: readonly NodeOptions[], change: Partial<ScoreInput> = {}, cpu = 1): ScoreInput {
  const cluster = new Cluster();
  nodes.forEach((options, i) => cluster.putNode(node(`n${i}`, options)));
  const { table } = cluster;
  const request = cluster.requestVector(resources({ cpu, memoryGib: 1 }, 1));
  const leaders = Int32Array.from({ length: table.rows + 1 }, (_, i) => i % 3);
  return {
    table,
    free: table.free,
    request,
    images: ['app'],
    preference,
    policy,
    leaders,
    siblings: { perKey: [(row) => row % 2], placed: 4 },
    ...change,
  };
}

const anyNode: fc.Arbitrary<NodeOptions> = fc.record({
  cpu: fc.nat({ max: 64 }),
  memoryGib: fc.nat({ max: 64 }),
  gpu: fc.nat({ max: 2 }),
  labels: fc.record({
    pool: fc.constantFrom('good', 'bad', ''),
    price: fc.constantFrom('0', '0.3', '-1', 'NaN', 'Infinity', ' ', 'cheap'),
  }),
  images: fc.constantFrom([], ['app'], ['other']),
});

describe.each(Object.keys(scorers) as ScorerName[])('scorer %s keeps the contract', (name) => {
  test('0..1, whatever other rows are asked about and in whatever order, and nothing is changed', () => {
    fc.assert(
      fc.property(fc.array(anyNode, { minLength: 1, maxLength: 8 }), fc.nat({ max: 80 }), (nodes, cpu) => {
        const input = inputOf(nodes, {}, cpu);
        const before = structuredClone(input.table.free);
        const rows = Int32Array.from(nodes.keys());
        const [forth, back, alone] = [
          new Float64Array(rows.length),
          new Float64Array(rows.length),
          new Float64Array(1),
        ];
        scorers[name].score(input, rows, forth);
        scorers[name].score(input, rows.toReversed(), back);
        expect(forth.every((score) => score >= 0 && score <= 1)).toBe(true);
        expect(back.toReversed()).toEqual(forth);
        rows.forEach((row) => {
          scorers[name].score(input, Int32Array.of(row), alone);
          expect(alone[0]).toBe(forth[row]);
        });
        expect(input.table.free).toEqual(before);
      }),
      { seed: 3 },
    );
  });
});

test.each(Object.keys(scorers) as ScorerName[])('scorer %s has an opinion where there is nothing to go by', (name) => {
  const input = inputOf([{ cpu: 4 }, { cpu: 0 }]);
  const { table } = input;
  const bare: ScoreInput = {
    ...input,
    request: table.columns.vector(new Map([['pods', 1]])),
    images: [],
    preference: DEFAULT_POLICY.members,
    policy: DEFAULT_POLICY,
    leaders: new Int32Array(0),
    siblings: { perKey: [], placed: 0 },
  };
  (table as NodeTable).take(0, table.columns.vector(new Map([['cpu', 9000]]))); // overtaken by another scheduler: -5 of 4 cpu are free
  const out = new Float64Array(3).fill(NaN);
  scorers[name].score(bare, Int32Array.of(0, 1, 63), out); // 63: no node was ever there
  expect([...out].filter((score) => !(score >= 0 && score <= 1))).toEqual([]);
});

test.each(Object.keys(scorers) as ScorerName[])('scorer %s depends on what it declares', (name) => {
  const scorer: Scorer = scorers[name];
  const nodes = [{ cpu: 8 }, { cpu: 8 }, { cpu: 8 }];
  const rows = Int32Array.of(0, 1, 2);
  const before = new Float64Array(3);
  const after = new Float64Array(3);
  scorer.score(inputOf(nodes, { siblings: { perKey: [() => 0], placed: 0 } }), rows, before);
  // A member is placed at row 2, in the domain of row 1.
  const placed = inputOf(nodes, { siblings: { perKey: [(row) => (row === 0 ? 0 : 1)], placed: 1 } });
  const { table, request } = placed;
  (table as NodeTable).take(2, request);
  scorer.score({ ...placed, leaders: placed.leaders.map((count, row) => count + (row === 2 ? 1 : 0)) }, rows, after);
  const changed = [0, 1].filter((row) => before[row] !== after[row]);
  if (scorer.dependsOn === 'own-row') expect(changed).toEqual([]);
  else expect(changed).not.toEqual([]);
});

describe('each scorer prefers what it says', () => {
  const spot = { labels: { 'karpenter.sh/capacity-type': 'spot' } };
  const cases: readonly (readonly [name: ScorerName, better: NodeOptions, worse: NodeOptions])[] = [
    ['binPacking', { cpu: 2, memoryGib: 4 }, { cpu: 8, memoryGib: 4 }],
    ['spreading', { cpu: 8, memoryGib: 4 }, { cpu: 2, memoryGib: 4 }],
    ['balance', { cpu: 4, memoryGib: 4 }, { cpu: 4, memoryGib: 64 }],
    ['fragmentation', { cpu: 4, memoryGib: 4 }, { cpu: 4.5, memoryGib: 4 }],
    ['fragmentation', { cpu: 4, memoryGib: 4 }, { cpu: 4, memoryGib: 4, gpu: 1 }],
    ['nodePool', { cpu: 4, labels: { pool: 'good' } }, { cpu: 4 }],
    ['nodePool', { cpu: 4 }, { cpu: 4, labels: { pool: 'bad' } }],
    ['spot', { cpu: 4, ...spot }, { cpu: 4 }],
    ['imageLocality', { cpu: 4, images: ['app'] }, { cpu: 4, images: ['other'] }],
    ['nodeLabel', { cpu: 4, labels: { price: '0.3' } }, { cpu: 4, labels: { price: '0.4' } }],
    ['nodeLabel', { cpu: 4, labels: { price: '9' } }, { cpu: 4 }],
  ];
  test.each(cases)('%s: %j over %j', (name, better, worse) => {
    const out = new Float64Array(2);
    scorers[name].score(inputOf([better, worse]), Int32Array.of(0, 1), out);
    expect(out[0]).toBeGreaterThan(out[1]!);
  });

  test('topology follows the members, narrower domains first; leaderSpread shuns leaders', () => {
    const out = new Float64Array(3);
    const perKey = [(row: number) => (row === 0 ? 3 : 0), (row: number) => (row < 2 ? 4 : 0)];
    const input = inputOf([{ cpu: 1 }, { cpu: 1 }, { cpu: 1 }], { siblings: { perKey, placed: 4 } });
    scorers.topology.score(input, Int32Array.of(0, 1, 2), out);
    expect([...out]).toEqual([(3 + 4 / 2) / (1.5 * 4), 4 / 2 / (1.5 * 4), 0]);
    scorers.leaderSpread.score(input, Int32Array.of(0, 1, 2), out);
    expect([...out]).toEqual([1, 1 / 2, 1 / 3]);
  });

  test('weights combine: (3 x binPacking + 1 x spot) / 4', () => {
    const weights = new Map<ScorerName, number>([
      ['binPacking', 3],
      ['spot', 1],
    ]);
    const out = new Float64Array(1);
    const input = inputOf([{ cpu: 4, memoryGib: 4, ...spot }], { preference: { ...preference, weights } });
    new WeightEngine().score(input, Int32Array.of(0), out);
    expect(out[0]).toBeCloseTo((3 * 0.25 + 1) / 4, 12); // 1 of 4 cpu and 1 of 4 GiB
  });

  test('pod slots do not count: 1 of 4 cpu is a quarter, whatever share of the slots is in use', () => {
    const out = new Float64Array(1);
    const input = inputOf([{ cpu: 4, pods: 1 }]);
    scorers.binPacking.score({ ...input, request: Float64Array.of(1000, 0, 1) }, Int32Array.of(0), out);
    expect(out[0]).toBe(0.25);
  });

  test('nothing weighs: 0 everywhere, and what was asked before does not shine through', () => {
    const input = inputOf(Array.from({ length: 100 }, () => ({ cpu: 4, memoryGib: 4, ...spot })));
    const rows = Int32Array.from({ length: 100 }, (_, row) => row);
    const out = new Float64Array(100).fill(7);
    const weighing = (weight: number) => ({ ...preference, weights: new Map<ScorerName, number>([['spot', weight]]) });
    new WeightEngine().score({ ...input, preference: weighing(1000) }, rows, out);
    expect(new Set(out)).toEqual(new Set([1]));
    new WeightEngine().score({ ...input, preference: weighing(0) }, rows, out);
    expect(new Set(out)).toEqual(new Set([0]));
    new WeightEngine().score(
      { ...input, preference: { ...preference, weights: new Map() } },
      rows.subarray(0, 3),
      out.fill(5),
    );
    expect([...out.subarray(0, 4)]).toEqual([0, 0, 0, 5]);
  });

  test('a pod that is bound counts', () => {
    const cluster = new Cluster();
    cluster.putNode(node('n', { cpu: 4 }));
    cluster.bind(pod('p', { cpu: 2 }), 'n');
    expect(cluster.table.free[0]![0]).toBe(2000);
  });
});
