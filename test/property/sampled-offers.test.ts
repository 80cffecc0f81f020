import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { partialGangs, SAMPLE, SamplingScheduler } from '../support/sampling-scheduler.ts';
import { World } from '../support/world.ts';

const NODES = 130;
const RACKS = 5;

const chosen = fc.record({
  strategy: fc.constantFrom('pack' as const, 'spread' as const, 'least-fragmentation' as const, 'weighted' as const),
  topology: fc.constantFrom('none' as const, 'prefer' as const, 'require' as const),
  /** Members, and cores of each. */
  gangs: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 })), {
    minLength: 1,
    maxLength: 6,
  }),
  /** Which nodes are offered, and which nominations are heard. */
  luck: fc.infiniteStream(fc.nat(999)),
  heard: fc.constantFrom(0, 500, 1000),
});

type Chosen = typeof chosen extends fc.Arbitrary<infer T> ? T : never;

const policyOf = ({ strategy, topology }: Chosen): Partial<Policy> => ({
  leader: { ...DEFAULT_POLICY.leader, strategy },
  members: { ...DEFAULT_POLICY.members, strategy, weights: new Map([['binPacking', 1]]) },
  topology: { mode: topology, keys: ['rack'], leader: true },
});

const newWorld = (one: Chosen) =>
  new World(
    Array.from({ length: NODES }, (_, i) => node(`n${i}`, { cpu: 4 + (i % 3) * 4, labels: { rack: `r${i % RACKS}` } })),
    policyOf(one),
  );

/** Whichever nodes are offered: any hundred of those with room. */
function anyHundred(luck: Iterator<number>) {
  return (fitting: readonly string[]) => {
    const names = [...fitting];
    for (let i = 0; i < Math.min(SAMPLE, names.length); i++) {
      const at = i + (luck.next().value % (names.length - i));
      [names[i], names[at]] = [names[at]!, names[i]!];
    }
    return names.slice(0, SAMPLE);
  };
}

function play(one: Chosen) {
  const world = newWorld(one);
  const luck = one.luck[Symbol.iterator]();
  const kube = new SamplingScheduler(world, { offer: anyHundred(luck), hears: () => luck.next().value < one.heard });
  const gangs = one.gangs.map(
    ([count, cpu], i) => new GangBuilder(`g${i}`, { driver: { count: 1, cpu: 1 }, executor: { count, cpu } }),
  );
  for (const gang of gangs) kube.add(gang.leader());
  kube.round();
  for (const [i, gang] of gangs.entries())
    for (let j = 0; j < one.gangs[i]![0]; j++) kube.add(gang.member('executor', j));
  kube.finish(8);
  return { world, kube };
}

test('whatever hundred nodes are offered, all gangs are whole after a few rounds, and none leaves its rack that must not', () => {
  fc.assert(
    fc.property(chosen, (one) => {
      // The invariants, after every answer: no node holds more than it has.
      const { world, kube } = play(one);
      expect(partialGangs(world)).toEqual([]);
      const used = new Map<string, number>();
      for (const { pod, node: name } of world.scheduler.inside.cluster.boundPods.values())
        used.set(name, (used.get(name) ?? 0) + pod.request.get('cpu')!);
      for (const [name, cpu] of used) expect(cpu).toBeLessThanOrEqual(world.nodes.get(name)!.allocatable.get('cpu')!);
      if (one.topology !== 'require') return;
      for (let i = 0; i < one.gangs.length; i++) {
        const own = [...kube.bound].filter(([uid]) => uid.startsWith(`g${i}-`));
        expect(new Set(own.map(([, name]) => world.nodes.get(name)!.labels.get('rack'))).size).toBe(1);
      }
    }),
    { numRuns: propertyRuns(60), seed: 20261 },
  );
});
