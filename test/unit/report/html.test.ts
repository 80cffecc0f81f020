import { describe, expect, test } from 'vitest';
import { reportHtml } from '../../../src/replay/report/html.ts';
import { closed, groupRow, policyResult, replayResult } from '../../support/replay-result.ts';

const hostile = `</script></style></title><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'&`;
const day = replayResult([policyResult('kube-default', { evictions: 5 }), policyResult('fifo-gang')]);

test('nothing of the report lies on the network, and it has no script', () => {
  const html = reportHtml([day]);
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  expect(html).not.toMatch(/<script|\son\w+=|href=|@import|url\(/);
  expect([...html.matchAll(/src="(.{10})/g)].every(([, start]) => start === 'data:image')).toBe(true);
});

test('the same result gives the same bytes', () => {
  expect(reportHtml([day])).toBe(reportHtml([structuredClone(day)]));
});

test('text of the result is escaped wherever it stands', () => {
  const groups = (['queue', 'namespace', 'user', 'priority', 'size'] as const).map((by) => ({
    by,
    rows: [groupRow(hostile), groupRow('other')],
  }));
  const fairness = [{ by: 'user' as const, jain: 1, worst: { name: hostile, underShareMs: 1 } }];
  const queueRow = { queue: hostile, entitled: 1, held: 1, served: 1, underMs: 1 };
  const queues = {
    jain: 1,
    worst: { queue: hostile, underMs: 1 },
    reclaims: { count: 0, gangs: 0, pods: 0 },
    cycles: 0,
    rows: [queueRow, { ...queueRow, queue: 'other' }],
  };
  const policies = ['one', 'two'].map((name) =>
    policyResult(`${hostile}${name}`, { source: hostile, policyText: hostile, groups, fairness, queues }),
  );
  const html = reportHtml([
    replayResult(policies, {
      muster: hostile,
      command: [hostile],
      trace: { name: hostile, format: hostile, sha256: hostile, jobs: 1, pods: 1 },
      nodes: { name: hostile, count: 1, cpuMilli: 1, memoryBytes: 1 },
      offered: { load: 1, resource: hostile, windowMs: 1 },
      notes: [hostile],
      options: [hostile],
      drawn: [hostile],
    }),
  ]);
  expect(html).not.toContain('<script');
  expect(html).not.toContain('<img src=x');
  expect(html.match(/<style>/g)).toHaveLength(1);
  expect(html.match(/<\/style>/g)).toHaveLength(1);
  expect(html.split('&#60;script&#62;').length).toBeGreaterThan(20);
});

test('of many inputs the head names three, and says how many there are', () => {
  const runs = [1, 2, 3, 4, 5].map((seed) => replayResult([policyResult('a'), policyResult('b')], { seed }));
  expect(reportHtml(runs.slice(0, 3))).toContain('seeds 1, 2, 3</p>');
  expect(reportHtml(runs)).toContain('seeds 1, 2, 3, ... (5 in all)</p>');
});

describe('a report can be repeated', () => {
  const html = reportHtml([
    replayResult([policyResult('a', { policyText: 'gangs: off\nscorers: []\n' }), policyResult('b')], {
      command: ['muster', 'replay', "it's.csv", '--seed', '7'],
    }),
  ]);
  test.each([
    ['command line', String.raw`muster replay &#39;it&#39;\&#39;&#39;s.csv&#39; --seed 7`],
    ['version', 'muster 0.0.0'],
    ['digest of the trace', 'SHA-256 abc'],
    ['text of the policies', 'gangs: off\nscorers: []'],
    ['file of the policies', 'policy a (policies/a.yaml)'],
    ['what was drawn', 'drawn with the seed, not data: priorities'],
  ])('the %s stands in it', (_, text) => {
    expect(html).toContain(text);
  });
});

test('six policies with full series and pictures take less than 1.5 MB', () => {
  const noise = (seed: number) => Array.from({ length: 512 }, (_, i) => Math.abs(Math.sin(i * seed * 12.9898)) / 6);
  const cells = (seed: number) =>
    Array.from({ length: 96 }, (_, row) =>
      Array.from({ length: 192 }, (_, i) => Math.floor(10 * Math.abs(Math.sin(seed * i * row)))).join(''),
    );
  const policies = Array.from({ length: 6 }, (_, i) => {
    const figures = Array.from({ length: 8 }, (_, k) => noise(8 * i + k + 1));
    const [work = [], partial = [], starting = [], reserved = [], broken = [], stranded = [], waitingJobs = []] =
      figures;
    return policyResult(`policy-${i}`, {
      series: { stepMs: 1000, work, partial, starting, reserved, broken, stranded, waitingJobs, workingJobs: work },
      occupancy: { stepMs: 4000, nodesPerRow: 1, bound: cells(i + 1), stranded: cells(i + 7) },
      endMs: 512_000,
    });
  });
  expect(
    reportHtml([replayResult(policies, { offered: { load: 1, resource: 'cpu', windowMs: 512_000 } })]).length,
  ).toBeLessThan(1_500_000);
});

test('the trade-off marks a setting whose waits are lower bounds', () => {
  const groups = [{ by: 'priority' as const, rows: [groupRow('0'), groupRow('1000')] }];
  const waitMs = closed({ mean: 60_000, open: 1, atLeast: ['mean'] });
  const html = reportHtml([
    replayResult([policyResult('kube', { groups, waitMs }), policyResult('muster', { groups })]),
  ]);
  const picture = html.slice(html.indexOf('Trade-off'));
  expect(picture).toContain('>≥ kube</span');
  expect(picture).not.toContain('≥ muster');
});
