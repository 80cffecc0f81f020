import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { appendRecord, has, orderOf, readRecords, type Record } from '../../../../bench/peers/records.ts';
import { peersTable } from '../../../../bench/peers/table.ts';

const SIZES = { nodes: 1000, cores: 16, gangs: 100, executors: 20, qps: 1000, driverFirst: false };
const record = (side: string, round: number, podsPerSecond: number, more: Partial<Record> = {}): Record => ({
  ...{ ...SIZES, side, round, revision: 'abc', machine: 'A, 2 cores', at: '2026-01-01T00:00:00Z' },
  ...{ bound: 2100, pods: 2100, podsPerSecond, createSeconds: 7, gangP50: 1, gangP99: 2 },
  cpuMs: { etcd: 1, apiServer: 3, scheduler: 2, muster: 0.5, bench: 1.5 },
  ...{ partialGangs: 0, overcommittedNodes: 0, nodesUsed: 132, ...more },
});

/** The cells of a side's row. */
const rowOf = (table: string, side: string) =>
  table
    .split('\n')
    .find((line) => line.startsWith(`| ${side} |`))!
    .split(' | ')
    .slice(1);

test('medians over the rounds, multiples within a round', () => {
  const bases = [record('base', 0, 100), record('base', 1, 200), record('base', 2, 400)];
  const others = [record('muster', 0, 90), record('muster', 1, 160), record('muster', 2, 400, { partialGangs: 2 })];
  const table = peersTable([...bases, ...others, record('muster', 3, 10)], SIZES, ['base', 'muster', 'absent']);
  expect(rowOf(table, 'base').slice(0, 2)).toEqual(['200 (100 .. 400)', '1 (1 .. 1)']);
  expect(rowOf(table, 'muster').slice(0, 5)).toEqual([
    '125 (10 .. 400)',
    '0.9 (0.8 .. 1)',
    '300',
    '1, 2',
    '8 (8 .. 8)',
  ]);
  expect(rowOf(table, 'muster').slice(-4)).toEqual(['all', '2', '0', '4 |']);
  expect(table).toContain('x base');
  expect(table).not.toContain('absent');
});

test('what was not bound, and gangs that were never complete, show; other sizes do not', () => {
  const stuck = record('base', 0, 100, { bound: 1900, gangP50: null, gangP99: null, overcommittedNodes: 1 });
  const table = peersTable([stuck, record('base', 0, 7, { nodes: 5000 })], SIZES, ['base']);
  const row = rowOf(table, 'base');
  expect(row[0]).toBe('100');
  const whole = record('base', 1, 100);
  for (const both of [
    [stuck, whole],
    [whole, stuck],
  ])
    expect(rowOf(peersTable(both, SIZES, ['base']), 'base').at(-4)).toBe('1900 of 2100');
  expect(row[3]).toBe('-, -');
  expect(row.slice(-4)).toEqual(['1900 of 2100', '0', '1', '1 |']);
  expect(peersTable([], SIZES, ['base'])).toContain('nothing was measured');
});

test('each round begins with the next side, and every second one goes backwards', () => {
  const rounds = [0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c'], round).join(''));
  expect(rounds).toEqual(['abc', 'acb', 'cab', 'cba']);
});

const folder = mkdtempSync(join(tmpdir(), 'muster-peers-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what is in the file is not measured again', () => {
  const file = join(folder, 'a.jsonl');
  expect(readRecords(file)).toEqual([]);
  appendRecord(file, record('muster', 1, 90));
  appendRecord(file, record('muster', 2, 91));
  const records = readRecords(file);
  expect(records).toEqual([record('muster', 1, 90), record('muster', 2, 91)]);
  expect(has(records, { ...SIZES, side: 'muster', round: 1 })).toBe(true);
  expect(has(records, { ...SIZES, side: 'muster', round: 0 })).toBe(false);
  expect(has(records, { ...SIZES, side: 'native', round: 1 })).toBe(false);
  expect(has(records, { ...SIZES, side: 'muster', round: 1, qps: 50 })).toBe(false);
});

test.each(['{"side":"muster"}', 'null', '{"side":"mus'])('a line that is no measurement is named: %s', (line) => {
  const file = join(folder, 'b.jsonl');
  writeFileSync(file, `${JSON.stringify(record('muster', 0, 90))}\n${line}\n`);
  expect(() => readRecords(file)).toThrow(`${file}, line 2 is no measurement`);
});
