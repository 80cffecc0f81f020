import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { costCommand } from '../../src/cli/cost.ts';
import { OPEN_TENANCY } from '../../src/core/policy/tenancy.ts';
import { groupCosts } from '../../src/replay/report/cost-rows.ts';
import { toKubernetesPod } from '../../src/replay/kubernetes-pod.ts';
import { sumOf } from '../../src/replay/sim/cost.ts';
import { partsOf, podInfo } from '../../src/replay/sim/pod-info.ts';
import { app, nodes, preset, recordsOf, run, traceOf } from '../support/replays.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-cost-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const trace = traceOf(
  app('a', { queue: 'etl', user: 'ann', app: 'daily' }),
  app('b', { queue: 'etl', user: 'bob', app: 'daily', submitMs: 1000 }),
  app('c', { queue: 'ml', user: 'bob', submitMs: 2000, durationMs: 600_000 }, 7),
  app('d', { queue: 'ml', user: 'ann', submitMs: 3000 }, 99),
);

test.each(['kube-default', 'muster'])(
  'under %s all that queues pay and what is idle come to the bill',
  async (name) => {
    const { result, records } = await recordsOf(trace, nodes(1, 10), name);
    const { cost } = result;
    if (!cost) throw new Error('there is no cost');
    // 10 cores at 1 and 64 GiB at 0.125 an hour.
    expect(cost.bill).toBeCloseTo((18 * result.endMs) / 3_600_000, 9);
    const paid = cost.rows.reduce((sum, row) => sum + sumOf(row), 0);
    expect(paid + cost.idle).toBeCloseTo(cost.bill, 9);
    expect(cost.idle).toBeGreaterThan(0);
    // A core and a GiB go together in every pod: what is held costs 1.125 a core-hour.
    for (const { held, cost: of } of records.values())
      for (const kind of ['work', 'partial', 'starting', 'broken'] as const)
        expect(of?.[kind]).toBeCloseTo((held[kind] / 3600) * 1.125, 9);
    expect(groupCosts(cost, ['queue', 'user']).map(({ names, jobs }) => [...names, jobs])).toEqual(
      expect.arrayContaining([
        ['etl', 'ann', 1],
        ['etl', 'bob', 1],
        ['ml', 'bob', 1],
        ['ml', 'ann', 1],
      ]),
    );
    expect(groupCosts(cost, ['app']).map(({ names }) => names[0])).toEqual(['(none)', 'daily']);
  },
);

test('prices of the policy file count', async () => {
  const prices = [{ kind: 'fixed', labels: new Map<string, string>(), perHour: 36 }] as const;
  const { rules, ...policy } = preset('muster');
  const priced = { ...policy, rules: { ...rules, tenancy: { ...OPEN_TENANCY, prices } } };
  const [dear, usual] = [await run(trace, nodes(1, 10), priced), await run(trace, nodes(1, 10), 'muster')];
  expect(dear.cost?.bill).toBeCloseTo(2 * usual.cost!.bill, 9);
  expect(dear.cost?.idle).toBeCloseTo(2 * usual.cost!.idle, 6);
  expect(dear.cost?.prices).toBe('file');
});

test('what classes of work pay is told apart', async () => {
  const classes = traceOf(
    app('server', { class: 'shared', durationMs: 600_000 }),
    app('nightly', { submitMs: 1000 }),
    app('notebook', { class: 'interactive', submitMs: 2000 }),
    app('hourly', { class: 'batch', submitMs: 3000 }),
  );
  const { cost } = await run(classes, nodes(4, 8), 'muster');
  const groups = groupCosts(cost!, ['class']);
  expect(groups.map(({ names, jobs }) => [...names, jobs])).toEqual([
    ['shared', 1],
    ['batch', 2],
    ['interactive', 1],
  ]);
  expect(groups.reduce((sum, { total }) => sum + total, cost!.idle)).toBeCloseTo(cost!.bill, 9);
  // Ten minutes of 4 cores and 4 GiB, at 1.125 a core-hour.
  expect(groups[0]!.work).toBeCloseTo((1.125 * 4) / 6, 2);
});

test.each(['shared', 'endless', 'interactive', 'batch', undefined] as const)(
  'muster is told the class %s of a job',
  (said) => {
    const job = app('a', said === undefined ? {} : { class: said });
    const run = { job, id: job.id, parts: partsOf(job) };
    const leader = podInfo(run, true, 0);
    expect(leader.class).toBe(said);
    expect(leader.recurrence?.isEndless).toBe(said === 'shared' || said === 'endless' ? true : undefined);
    expect(podInfo(run, false, 0).class).toBeUndefined();
    expect(toKubernetesPod(leader)).toMatchObject({ metadata: { labels: said ? { 'muster.dev/class': said } : {} } });
  },
);

test('muster cost prints rows by queue and user, their sum and the bill', async () => {
  const file = join(folder, 'r.json');
  const result = await run(trace, nodes(1, 10), 'muster');
  writeFileSync(file, JSON.stringify({ policies: [result] }));
  const out = (flags: Partial<Parameters<typeof costCommand>[1]>) => {
    let text = '';
    expect(costCommand(file, { by: ['queue'], ...flags }, (more) => (text += more))).toBe(0);
    return text;
  };
  const lines = out({ by: ['queue', 'user'] }).split('\n');
  expect(lines[0]).toBe('muster: a core 1, a GiB 0.125, a GPU 16 an hour');
  expect(lines[1]).toMatch(/^queue {2}user {2}jobs/);
  expect(lines.find((line) => line.startsWith('sum'))!.slice(4)).toBe(
    lines.find((line) => line.startsWith('bill'))!.slice(4),
  );
  expect(out({ csv: true })).toMatch(
    /^policy,queue,jobs,total,work,starting,partial,broken,lostCoreHours\nmuster,ml,2,/,
  );
  const [json] = JSON.parse(out({ json: true })) as {
    rows: { queue: string; total: number }[];
    idle: number;
    bill: number;
  }[];
  expect(json!.rows.reduce((sum, { total }) => sum + total, json!.idle)).toBeCloseTo(json!.bill, 9);
  expect(() => out({ policy: 'other' })).toThrow('has no policy "other"; it has muster');
  writeFileSync(file, JSON.stringify({ policies: [{ policy: 'old' }] }));
  expect(() => out({})).toThrow('cost: is missing');
});
