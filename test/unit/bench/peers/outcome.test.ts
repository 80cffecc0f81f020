import { expect, test } from 'vitest';
import { gangSeconds, outcomeOf } from '../../../../bench/peers/outcome.ts';
import type { Pod } from '../../../e2e/harness/objects.ts';

const node = (name: string, cpu: string) => ({
  metadata: { name },
  status: { allocatable: { cpu, memory: '64Gi', pods: '110' } },
});
const NODES = [node('n1', '2'), node('n2', '2'), node('n3', '2')];

const pod = (name: string, nodeName?: string): Pod => ({
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '' },
  spec: {
    schedulerName: 'muster',
    containers: [{ resources: { requests: { cpu: '1', memory: '1Gi' } } }],
    ...(nodeName === undefined ? {} : { nodeName }),
  },
  status: { phase: 'Pending' },
});
const gang = (number: number, ...nodes: readonly (string | undefined)[]) =>
  nodes.map((name, i) => pod(`r00-000${number}-x-exec-${i}`, name));

test('whole gangs, and gangs of which nothing is bound, are not partial', () => {
  const pods = [...gang(1, 'n1', 'n1'), ...gang(2, undefined, undefined), ...gang(3, 'n2', 'n2')];
  expect(outcomeOf(NODES, pods, 2)).toEqual({ partialGangs: 0, overcommittedNodes: 0, nodesUsed: 2 });
});

test('a gang with a member that waits, or was never created, is partial', () => {
  const pods = [...gang(1, 'n1', undefined), ...gang(2, 'n2'), ...gang(3, 'n2', 'n3')];
  expect(outcomeOf(NODES, pods, 2).partialGangs).toBe(2);
});

test('a node counts once, however many of its resources are overcommitted; pods of no gang count as well', () => {
  const pods = [...gang(1, 'n1', 'n1', 'n1'), pod('tg-placeholder', 'n2'), ...gang(2, 'n2', 'n2')];
  expect(outcomeOf(NODES, pods, 3)).toMatchObject({ overcommittedNodes: 2, nodesUsed: 2 });
  const small = [{ ...NODES[0]!, status: { allocatable: { cpu: '1', memory: '1Gi', pods: '1' } } }];
  expect(outcomeOf(small, gang(1, 'n1', 'n1'), 2).overcommittedNodes).toBe(1);
});

test('a gang takes from the creation of its first pod to the binding of its last; incomplete gangs do not count', () => {
  const createdMs = new Map([
    ['r00-0001', 1000],
    ['r00-0002', 1500],
  ]);
  const boundMs = new Map([
    ['r00-0001-driver', 1200],
    ['r00-0001-x-exec-2', 3000],
    ['r00-0001-x-exec-1', 2000],
    ['r00-0002-driver', 4000],
    ['r00-0009-driver', 4000],
  ]);
  expect(gangSeconds(createdMs, boundMs, 3)).toEqual([2]);
});
