import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { NodeTable } from '../../src/core/cluster/node-table.ts';
import type { NodeInfo } from '../../src/core/model.ts';
import { seeded } from '../../src/replay/random.ts';
import { scoreNodes } from '../../src/replay/kube-scheduler/score-nodes.ts';
import { JobHistory } from '../../src/replay/sim/job-history.ts';
import { newPod, newRun, type SimPod } from '../../src/replay/sim/job-run.ts';
import { KubePreemption } from '../../src/replay/sim/kube-preemption.ts';
import { Truth } from '../../src/replay/sim/truth.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { app, nodes } from '../support/replays.ts';

const MIB = 2 ** 20;
const CLUSTER = nodes(6, 4);

/** cpu in millicores; a pod of memory 0 requests none. */
interface Shape {
  readonly cpu: number;
  readonly memory: number;
  readonly priority: number;
}

let made = 0;
function podOf({ cpu, memory, priority }: Shape): SimPod {
  const leader = new Map([['cpu', cpu], ...(memory > 0 ? ([['memory', memory * MIB]] as const) : [])]);
  return newPod(newRun(new JobHistory(app(`p${made++}`, { leader, priority }, 0), 0), 0, 1, 0), 'leader');
}

const shape = fc.record({
  cpu: fc.constantFrom(500, 1000, 3000),
  memory: fc.constantFrom(0, 500, 30_000),
  priority: fc.constantFrom(0, 1, 2),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('bind' as const), shape, node: fc.nat(CLUSTER.length - 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unbind' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), node: fc.nat(CLUSTER.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repair' as const), node: fc.nat(CLUSTER.length - 1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), shape }) },
);

function loadedNodes(truth: Truth): { node: NodeInfo; pods: { request: SimPod['info']['request'] }[] }[] {
  return CLUSTER.filter(({ name }) => truth.table.rowOf(name) !== undefined).map((node) => {
    const here = [...truth.boundPods.values()].filter(({ pod }) => pod.node === node.name);
    return { node, pods: here.map(({ pod }) => pod.info) };
  });
}

/** What a search from scratch finds: the nodes that the pod passes, and their scores for room. */
function fromScratch(truth: Truth, { info }: SimPod): Map<string, number> {
  const fitting = loadedNodes(truth).filter(({ node, pods }) =>
    [...info.request].every(([name, amount]) => {
      const used = pods.reduce((sum, { request }) => sum + (request.get(name) ?? 0), 0);
      return amount <= (node.allocatable.get(name) ?? 0) - used;
    }),
  );
  const scores = scoreNodes(info, fitting);
  return new Map(scores.map(({ node, plugins: p }) => [node, p.NodeResourcesFit + p.NodeResourcesBalancedAllocation]));
}

function found(truth: Truth, pod: SimPod): Map<string, number> {
  const { search } = truth;
  const kind = search.kindOf(pod.info);
  const { places, count } = search.find(kind, 0, search.places);
  const all = [...places.subarray(0, count)];
  return new Map(all.map((place) => [search.nameAt(place), search.roomScore(kind, place)]));
}

const sorted = (scores: Map<string, number>) => [...scores].sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether evictions make room on some node, by trying: all pods of lower priority of a node away. */
function couldPreempt(truth: Truth, { info }: SimPod): boolean {
  return loadedNodes(truth).some(({ node }) => {
    const here = [...truth.boundPods.values()].filter(({ pod }) => pod.node === node.name);
    const rest = here.filter(({ priority }) => priority >= info.priority);
    const fits = [...info.request].every(([name, amount]) => {
      const used = rest.reduce((sum, { pod }) => sum + (pod.info.request.get(name) ?? 0), 0);
      return amount <= (node.allocatable.get(name) ?? 0) - used;
    });
    return rest.length < here.length && fits;
  });
}

test('what is kept for a kind of pods is what a search from scratch finds, and so is where evictions help', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const truth = new Truth(CLUSTER);
      const preemption = new KubePreemption(truth, seeded('test'));
      const live: SimPod[] = [];
      const leave = (pod: SimPod) => {
        live.splice(live.indexOf(pod), 1);
        truth.unbind(pod);
      };
      for (const one of steps) {
        if (one.kind === 'bind') {
          const pod = podOf(one.shape);
          pod.node = `n${one.node}`;
          if (!fromScratch(truth, pod).has(pod.node)) continue;
          truth.bind(pod, 0);
          live.push(pod);
        } else if (one.kind === 'unbind') {
          const pod = live[one.at % Math.max(1, live.length)];
          if (pod) leave(pod);
        } else if (one.kind === 'fail') {
          truth.removeNode(`n${one.node}`);
          for (const pod of live.filter(({ node }) => node === `n${one.node}`)) leave(pod);
        } else if (one.kind === 'repair') truth.addNode(CLUSTER[one.node]!);
        else {
          const pod = podOf(one.shape);
          const passing = found(truth, pod);
          expect(sorted(passing)).toEqual(sorted(fromScratch(truth, pod)));
          if (passing.size > 0) continue;
          const candidates = preemption.candidatesFor(pod, truth.search.kindOf(pod.info));
          expect(candidates.length > 0).toBe(couldPreempt(truth, pod));
        }
      }
    }),
    { seed: 7, numRuns: propertyRuns(300) },
  );
});

test('a pod that fits nowhere, and that no eviction helps, is refused without a look at any node', () => {
  const truth = new Truth(nodes(1000, 1));
  const preemption = new KubePreemption(truth, seeded('test'));
  const full = (name: string) => Object.assign(podOf({ cpu: 1000, memory: 500, priority: 1 }), { node: name });
  const placed = Array.from({ length: 1000 }, (_, i) => full(`n${i}`));
  for (const pod of placed) truth.bind(pod, 0);
  truth.bind(Object.assign(podOf({ cpu: 0, memory: 1, priority: 0 }), { node: 'n0' }), 0);
  const attempt = () => {
    const pod = podOf({ cpu: 1000, memory: 500, priority: 1 });
    const kind = truth.search.kindOf(pod.info);
    expect([kind.passing, preemption.victimsFor(pod, kind)]).toEqual([0, []]);
  };
  attempt();
  const fits = vi.spyOn(NodeTable.prototype, 'fits');
  const podsAt = vi.spyOn(truth, 'podsAt');
  for (let i = 0; i < 100; i++) attempt();
  expect([fits.mock.calls.length, podsAt.mock.calls.length]).toEqual([0, 0]);
  // Two rows changed, twice each: four looks, however many pods ask.
  for (const pod of placed.slice(0, 2)) truth.unbind(pod);
  for (const pod of placed.slice(0, 2)) truth.bind(pod, 0);
  for (let i = 0; i < 100; i++) attempt();
  expect([fits.mock.calls.length, podsAt.mock.calls.length]).toEqual([4, 4]);
  vi.restoreAllMocks();
});
