import { expect, test, vi } from 'vitest';
import { QueueNode } from '../../../../src/core/queue/tree.ts';
import { SharedCluster } from '../../../support/shared-cluster.ts';
import { queue, tenancyOf } from '../../../support/tenancies.ts';

const queues = [queue('a', { guaranteed: { cpu: '50%' } }), queue('b')];

function contended(): SharedCluster {
  const all = new SharedCluster(tenancyOf(queues), { cpu: 100 });
  for (const path of ['a', 'b']) all.want(path, { cpu: 100 });
  all.refresh();
  return all;
}

test('a refresh fills in the figures of the one before: it walks no tree and makes no vector for a queue', () => {
  const all = contended();
  const before = [...all.tree.nodes()].map((queue) => all.shares.of(queue));
  const walks = vi.spyOn(QueueNode.prototype, 'children', 'get');
  all.hold('b', { cpu: 10 });
  all.refresh();
  expect(walks).not.toHaveBeenCalled();
  walks.mockRestore();
  const after = [...all.tree.nodes()].map((queue) => all.shares.of(queue));
  after.forEach((share, i) => {
    expect(share).toBe(before[i]);
    expect(share.entitled).toBe(before[i]!.entitled);
  });
});

test('the version changes with what queues are entitled to, and with nothing else', () => {
  const all = contended();
  const { version } = all.shares;
  all.refresh();
  all.hold('b', { cpu: 10 });
  all.refresh();
  expect([version, all.entitled()]).toEqual([all.shares.version, { a: 75, b: 25 }]);
  all.cluster.removeNode('n');
  all.refresh();
  expect([all.shares.version > version, all.entitled()]).toEqual([true, { a: 0, b: 0 }]);
});

test('a part of the cluster is guaranteed of what there is', () => {
  const all = contended();
  expect(all.shares.of(all.tree.find('a')!).guaranteed[0]).toBe(50_000);
  all.cluster.removeNode('n');
  all.refresh();
  expect(all.shares.of(all.tree.find('a')!).guaranteed[0]).toBe(0);
});

test('a refresh is due at once when there is a new queue or a new resource', () => {
  const all = new SharedCluster(tenancyOf([]), { cpu: 10 });
  expect(all.shares.isDue(all, all.nowMs)).toBe(false);
  all.tree.leaf('new');
  expect(all.shares.isDue(all, all.nowMs)).toBe(true);
  all.refresh();
  expect(all.shares.isDue(all, all.nowMs)).toBe(false);
  all.cluster.columns.add('nvidia.com/gpu');
  expect(all.shares.isDue(all, all.nowMs)).toBe(true);
});
