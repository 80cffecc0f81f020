import { expect, test } from 'vitest';
import type { NodeInfo, Taint } from '../../../src/core/model.ts';
import type { Resources } from '../../../src/core/resources.ts';
import { scoreNodes, type NodeScores } from '../../../src/replay/kube-scheduler/score-nodes.ts';
import { NO_CONSTRAINTS } from '../../support/builders.ts';

/** cpu in millicores and memory in bytes; undefined: not requested. */
type Amounts = readonly [cpu: number | undefined, memory: number | undefined];

const request = ([cpu, memory]: Amounts): Resources =>
  new Map([['cpu', cpu] as const, ['memory', memory] as const].flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
const pod = (...amounts: Amounts) => ({ request: request(amounts), constraints: NO_CONSTRAINTS });
const node = (name: string, allocatable: Amounts, taints: readonly Taint[] = []): NodeInfo => ({
  name,
  labels: new Map(),
  taints,
  unschedulable: false,
  allocatable: request(allocatable),
  images: new Set(),
});
const only = (plugin: keyof NodeScores['plugins'], scores: readonly NodeScores[]) =>
  scores.map(({ plugins }) => plugins[plugin]);

/** Scores, and the arithmetic, as in TestNodeResourcesBalancedAllocation of v1.36. */
test.each<[string, Amounts, [Amounts, Amounts[]][], number[]]>([
  [
    'nodes of different sizes: 100 -> 87 and 100 -> 100',
    [3000, 5000],
    [
      [[4000, 10000], []],
      [[6000, 10000], []],
    ],
    [68, 75],
  ],
  [
    'loaded nodes: 85 -> 82 and 97 -> 95',
    [3000, 5000],
    [
      [[10000, 20000], [[3000, 0]]],
      [[10000, 20000], [[3000, 5000]]],
    ],
    [73, 74],
  ],
  [
    'loaded nodes of different sizes: 85 -> 82 and 90 -> 80',
    [3000, 5000],
    [
      [[10000, 20000], [[3000, 0]]],
      [[10000, 50000], [[3000, 5000]]],
    ],
    [73, 70],
  ],
  [
    'the best and the worst there is: 50 -> 100 and 100 -> 50',
    [0, 5000],
    [
      [[3000, 5000], [[3000, 0]]],
      [[3000, 5000], []],
    ],
    [100, 50],
  ],
  [
    'up to the node’s capacity: 75 -> 50 and 100 -> 75',
    [3000, 0],
    [
      [[6000, 10000], [[3000, 0]]],
      [[6000, 10000], [[3000, 5000]]],
    ],
    [62, 62],
  ],
  ['a pod without requests is not scored', [undefined, undefined], [[[4000, 10000], []]], [0]],
])('BalancedAllocation: %s', (_, asked, nodes, expected) => {
  const loaded = nodes.map(([size, pods], i) => ({ node: node(`n${i}`, size), pods: pods.map((one) => pod(...one)) }));
  expect(only('NodeResourcesBalancedAllocation', scoreNodes(pod(...asked), loaded))).toEqual(expected);
});

/** The first case is of TestLeastAllocatedScoringStrategy of v1.36. */
test.each<[string, Amounts, [Amounts, Amounts[]][], number[]]>([
  [
    'differently sized nodes: ((4000-3000)*100/4000 + (10000-5000)*100/10000)/2 and ((6000-3000)*100/6000 + 50)/2',
    [3000, 5000],
    [
      [[4000, 10000], []],
      [[6000, 10000], []],
    ],
    [37, 50],
  ],
  ['more requested than there is scores 0 for that resource', [5000, 5000], [[[4000, 10000], []]], [25]],
  ['each share is rounded down, and so is their mean: (33 + 66)/2', [2, 1], [[[3, 3], []]], [49]],
  [
    'a pod that asks nothing counts as 100m and 200 MiB, and so do the node’s pods',
    [undefined, undefined],
    [[[1000, 1000 * 2 ** 20], [[undefined, undefined]]]],
    [70],
  ],
  ['a node without memory is scored by its cpu', [500, 0], [[[1000, 0], []]], [50]],
])('LeastAllocated: %s', (_, asked, nodes, expected) => {
  const loaded = nodes.map(([size, pods], i) => ({ node: node(`n${i}`, size), pods: pods.map((one) => pod(...one)) }));
  expect(only('NodeResourcesFit', scoreNodes(pod(...asked), loaded))).toEqual(expected);
});

test('TaintToleration: relative to the node with the most taints that the pod does not tolerate', () => {
  const soft = (key: string): Taint => ({ key, value: '', effect: 'PreferNoSchedule' });
  const hard: Taint = { key: 'h', value: '', effect: 'NoExecute' };
  const loaded = [[], [soft('a')], [soft('a'), soft('b'), soft('c')], [hard], [soft('tolerated')]].map((taints, i) => ({
    node: node(`n${i}`, [1000, 1000], taints),
    pods: [],
  }));
  const tolerations = [{ key: 'tolerated', operator: 'Exists', value: '', effect: '' } as const];
  const asked = { request: request([100, 100]), constraints: { ...NO_CONSTRAINTS, tolerations } };
  expect(only('TaintToleration', scoreNodes(asked, loaded))).toEqual([100, 67, 0, 100, 100]);
  expect(only('TaintToleration', scoreNodes(asked, loaded.slice(0, 1)))).toEqual([100]);
});

test('the total weighs TaintToleration three times and the others once', () => {
  const [scores] = scoreNodes(pod(3000, 5000), [{ node: node('n', [4000, 10000]), pods: [] }]);
  expect(scores).toMatchObject({ node: 'n', total: 37 + 68 + 3 * 100 });
});
