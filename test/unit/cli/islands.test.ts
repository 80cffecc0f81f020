import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { divided, islandersOf, summedUp, type IslandsResult } from '../../../src/replay/islands.ts';
import { toLine } from '../../../src/replay/trace/native.ts';
import { builtCli } from '../../support/cli.ts';
import { app, nodes } from '../../support/replays.ts';

const { folder, muster } = builtCli();

const MINUTE = 60_000;
const TRACE = join(folder, 'turns.ndjson');
const NODES = join(folder, 'nodes.csv');

/** Each job fills a node of 4 cores for ten minutes; `day` and `night` have two each, at different times. */
const jobs = [
  ...['d1', 'd2'].map((id) => app(id, { queue: 'day', durationMs: 10 * MINUTE })),
  ...['n1', 'n2'].map((id) => app(id, { queue: 'night', submitMs: 60 * MINUTE, durationMs: 10 * MINUTE })),
];
const workload = [TRACE, '--nodes', NODES, '--policy', 'muster'];

beforeAll(() => {
  writeFileSync(TRACE, jobs.map((job) => `${toLine(job)}\n`).join(''));
  writeFileSync(NODES, 'sn,cpu_milli,memory_mib,gpu,model\nn0,4000,4096,0,\nn1,4000,4096,0,\n');
});

async function islands(...flags: readonly string[]): Promise<{ readonly err: string; readonly result: IslandsResult }> {
  const { code, out, err } = await muster('islands', ...workload, ...flags, '--json', '-');
  expect(err).not.toContain('muster:');
  expect(code).toBe(0);
  return { err, result: JSON.parse(out) as IslandsResult };
}

test('queues that work at different times need twice the nodes when they do not share', async () => {
  const { result, err } = await islands();
  expect(result).toMatchObject({ by: 'queue', policy: 'muster', shared: { nodes: 2, unfinished: 0 } });
  expect(result.islands.map(({ name, jobs: own }) => [name, own])).toEqual([
    ['day', 2],
    ['night', 2],
  ]);
  for (const { shared, divided: part, alone } of result.islands) {
    expect(shared.waitMs.max).toBeLessThan(MINUTE);
    // One node each: the second job waits for the end of the first.
    expect(part.nodes).toBe(1);
    expect(part.waitMs.p95).toBeGreaterThan(10 * MINUTE);
    expect(part.waitMs.p95).toBeLessThan(12 * MINUTE);
    expect(alone).toMatchObject({ nodes: 2, perHour: 9, unfinished: 0 });
  }
  // 4 cores and 4 GiB at an eighth: 4.5 a node.
  expect(result.shared.perHour).toBe(9);
  expect(result.apart).toEqual({ nodes: 4, perHour: 18 });
  expect(result.saved).toBe(0.5);
  expect(err).toContain('Sharing saves 50.0 %');
  expect(err).toContain('2 of 2 queues wait longer');
});

test('--same-nodes only divides them, and --by divides by something else', async () => {
  const { result, err } = await islands('--same-nodes', '--by', 'namespace');
  expect(result.islands.map(({ name, divided: { nodes: count } }) => [name, count])).toEqual([['jobs', 2]]);
  expect(result.apart).toBeUndefined();
  expect(err).not.toContain('saves');
});

test('more islands than nodes, and two policies, are refused', async () => {
  const few = await muster('islands', ...workload, '--nodes-count', '1');
  expect(few).toMatchObject({ code: 2 });
  expect(few.err).toContain('2 islands cannot divide 1 node:');
  const two = await muster('islands', ...workload, '--policy', 'fifo-gang');
  expect(two).toMatchObject({ code: 2 });
  expect(two.err).toContain('islands replays one policy, got 2');
});

describe('nodes are divided', () => {
  const of = (name: string, minutes: number) => app(name, { queue: name, durationMs: minutes * MINUTE });
  const groups = islandersOf([of('a', 20), of('b', 70), of('c', 10)], 'queue');

  test('by work: one each, and the other 7 as 4.9, 1.4 and 0.7', () => {
    expect(groups.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    expect(divided(nodes(10, 4), groups).map((hand) => hand.length)).toEqual([6, 2, 2]);
  });

  test('each once, and each kind in the same part', () => {
    const kinds = [...nodes(5, 4), ...nodes(5, 16).map((node) => ({ ...node, name: `large-${node.name}` }))];
    const hands = divided(kinds, groups);
    expect(new Set(hands.flat().map(({ name }) => name)).size).toBe(10);
    expect(hands[0]!.filter(({ name }) => name.startsWith('large'))).toHaveLength(3);
    for (const hand of hands) expect(new Set(hand.map(({ name }) => name.startsWith('large'))).size).toBe(2);
  });
});

test('what is saved is not known while one island is not', () => {
  const fare = { waitMs: { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0, open: 0, atLeast: [] }, unfinished: 0 };
  const island = { name: 'a', jobs: 1, shared: fare, divided: { ...fare, nodes: 1, perHour: 4 } };
  const alone = { ...fare, nodes: 3, perHour: 12 };
  expect(summedUp([{ ...island, alone }, island], 4)).toEqual({});
  expect(summedUp([{ ...island, alone }], 9)).toEqual({ apart: { nodes: 3, perHour: 12 }, saved: 0.25 });
});
