import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cellsOf, runCell, type GridFlags } from '../../../src/cli/sweep-cells.ts';
import { parseGoal } from '../../../src/replay/report/goal.ts';
import { generateTrace } from '../../../src/replay/generate/generate.ts';
import { profileNamed } from '../../../src/replay/generate/profiles.ts';
import { toLine } from '../../../src/replay/trace/native.ts';
import { builtCli } from '../../support/cli.ts';

const { folder, muster } = builtCli();

const TRACE = join(folder, 'small.ndjson');
const GOAL = 'mean wait <= 1m';
const [LOW, HIGH] = [43, 52];
const workload = [TRACE, '--nodes', 'preset:S'];
const flags: GridFlags = {
  nodes: 'preset:S',
  policy: ['muster'],
  seeds: [1, 2],
  speed: 1,
  shorten: 1,
  load: 1,
  cycleMs: 5,
  batch: 5,
  minRegisteredRatio: 0.8,
  maxRegisteredWait: 30,
  serialFraction: 0.05,
  nodeFailures: 0,
  grace: 10,
};

beforeAll(() => {
  const { jobs } = generateTrace(profileNamed('S'), { seed: 3, days: 0.005 });
  writeFileSync(TRACE, jobs.map((job) => `${toLine(job)}\n`).join(''));
});

/** Whether the goal holds on that many nodes with every seed, and no job is larger than the cluster. */
async function holds(nodesCount: number): Promise<boolean> {
  const cells = cellsOf({ ...flags, nodesCount: [nodesCount] });
  const results = await Promise.all(
    cells.map((cell) => runCell({ source: TRACE, flags, command: [] }, cell, () => {})),
  );
  const policies = results.flatMap((result) => result.policies);
  return policies.every((policy) => policy.outcomes.larger === 0 && parseGoal(GOAL).holds(policy));
}

test('its answer is one that trying every number confirms, and it prints each number that it tries', async () => {
  const search = ['--nodes-count', `${LOW}..${HIGH}`, '--policy', 'muster', '--seeds', '1,2', '--for', GOAL];
  const { code, out } = await muster('size', ...workload, ...search);
  expect(code).toBe(0);
  const [, text = ''] = /^muster: (\d+) nodes for mean wait <= 1m, with each of 2 seeds\. /m.exec(out) ?? [];
  const answer = Number(text);
  expect(answer).toBeGreaterThan(LOW);
  const enough = new Map<number, boolean>();
  for (let n = LOW; n <= HIGH; n++) enough.set(n, await holds(n));
  expect([answer - 1, answer, answer + 1, answer + 2].map((n) => enough.get(n))).toEqual([false, true, true, true]);
  const printed = [...out.matchAll(/^muster: (\d+) nodes: (.*): (enough|too few)$/gm)];
  expect(printed.length).toBeGreaterThan(3);
  for (const [, n, figures, verdict] of printed) {
    expect(figures).toMatch(/^mean wait \S+.*, \S+/);
    expect(verdict).toBe(enough.get(Number(n)) ? 'enough' : 'too few');
  }
  expect(out).toContain(`  ${printed.length} numbers of nodes tried, ${2 * printed.length} runs.`);
});

test('if the most nodes are not enough, it says so', async () => {
  const never = ['--nodes-count', '20..22', '--seeds', '1', '--for', 'mean wait <= 1ms', '--policy', 'muster'];
  const { code, out } = await muster('size', ...workload, ...never);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^muster: even 22 nodes: mean wait .*: too few for mean wait <= 1ms\. Try more: --nodes-count 23\.\.44\.$/m,
  );
});

test.each([
  ['no goal', [], '--for'],
  ['a goal that is none', ['--for', 'fast'], '--for: expected "p95 wait <= 10m"'],
  ['a load', ['--for', GOAL, '--load', '2'], 'leave out --load and --offered'],
  ['an offered load', ['--for', GOAL, '--offered', '.9'], 'leave out --load and --offered'],
  ['no nodes', ['--for', GOAL, '--nodes-count', '0..3'], 'a cluster has at least 1 node, got 0'],
  ['standard input', ['--for', GOAL, '--nodes', '-'], 'Standard input can be read only once'],
])('%s ends with a clear line and a code', async (_, more, part) => {
  const ended = await muster('size', ...workload, ...more);
  expect(ended.err).toContain(part);
  expect(ended.err).not.toMatch(/^\s+at /m);
  expect(ended).toMatchObject({ code: 2, out: '' });
});
