import { expect, test } from 'vitest';
import { ago, until, withLocalTimes } from '../../../src/cli/ago.ts';
import { columnLines, type Column } from '../../../src/cli/columns.ts';
import { decisionLine } from '../../../src/cli/decisions.ts';
import { gangLines, type GangRow } from '../../../src/cli/gang-text.ts';
import { programName } from '../../../src/cli/program-name.ts';
import { clockTime } from '../../../src/cli/time-text.ts';
import { PIPE, viewOf, type View } from '../../../src/cli/view.ts';

const now = () => new Date('2026-11-22T12:00:00Z');
const terminal = (width: number): View => ({ ...PIPE, isTerminal: true, width, height: 24, now });
const COLUMNS: Column[] = [
  { head: 'name', least: 6, keepsEnd: true },
  { head: 'n', isRight: true },
  { head: 'why', least: 4 },
];

test('columns are aligned; into a pipe nothing is shortened', () => {
  const rows = [
    ['a-long-name', '1', 'because of this'],
    ['b', '22', '-'],
  ];
  expect(columnLines(COLUMNS, rows, PIPE)).toEqual([
    'name          n  why',
    'a-long-name   1  because of this',
    'b            22  -',
  ]);
  expect(columnLines(COLUMNS, rows, terminal(20))).toEqual([
    'name         n  why',
    '~long-name   1  bec~',
    'b           22  -',
  ]);
  for (const width of [18, 20, 25, 30])
    for (const line of columnLines(COLUMNS, rows, terminal(width))) expect(line.length).toBeLessThanOrEqual(width);
});

test('colours take no room', () => {
  const view: View = { ...terminal(80), paint: (_tone, text) => `<${text}>` };
  const [, line] = columnLines(COLUMNS, [['a', { text: '1', tone: 'bad' }, 'x']], view);
  expect(line).toBe('a     <1>  x');
});

test('what a tenant writes moves no cursor and breaks no line', () => {
  const row: GangRow = {
    ...{ gang: 'jobs/\x1b[2Jx', phase: 'waiting', queue: 'a\u202Eb', user: 'u', priority: 0, policy: 'p', leader: 'l' },
    ...{ members: 2, bound: 0, since: '2026-11-22T11:48:00Z', position: 1, reason: 'gang waits for room\nand more' },
  };
  for (const view of [PIPE, terminal(60)]) {
    const lines = gangLines([row], true, view);
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/[\p{C}\u2028]/u);
  }
});

const WAITS: GangRow = {
  ...{ gang: 'etl/nightly', phase: 'waiting', queue: 'etl', user: 'ann', priority: 0, policy: 'muster' },
  ...{ leader: 'nightly-driver', members: 10, bound: 0, since: '2026-11-22T11:48:00Z', position: 1 },
  ...{ waitsFor: 'room', reason: 'gang waits for room' },
};

test.each<[string, Partial<GangRow>, string]>([
  ['a role lacks room', { lacks: 'room for <=3 of 9 executor' }, '-       room for <=3 of 9 executor'],
  ['no role does alone', {}, '-       room'],
  ['its start is known', { startsAbout: '2026-11-22T12:40:00Z' }, 'in ~40m  room'],
  ['its start is being worked out', { isStartSought: true }, 'looking  room'],
])('a gang that waits: %s', (_what, of, end) => {
  expect(gangLines([{ ...WAITS, ...of }], false, terminal(120)).at(-1)).toMatch(new RegExp(`${end}$`));
  expect(gangLines([{ ...WAITS, ...of }], false, PIPE).at(-1)).not.toContain('looking');
});

test.each([
  ['2026-11-22T11:48:00Z', '12m ago'],
  ['2026-11-22T11:59:15Z', '45s ago'],
  ['2026-11-22T11:59:57Z', 'just now'],
  ['2026-11-22T08:55:00Z', '3h 5m ago'],
  ['2026-11-21T20:30:00Z', '15h ago'],
  ['2026-11-19T08:00:00Z', '3d 4h ago'],
  ['2026-11-22T12:10:00Z', 'in 10m'],
])('%s was %s', (iso, text) => {
  expect(ago(iso, terminal(80))).toBe(text);
  expect(ago(iso, PIPE)).toBe(iso);
});

test.each([
  ['2026-11-22T12:40:00Z', 'in about 40m'],
  ['2026-11-22T12:00:05Z', 'now'],
  ['2026-11-22T11:59:51Z', 'now'],
  ['2026-11-22T11:00:00Z', 'due'],
  [undefined, '-'],
])('%s is %s', (iso, text) => expect(until(iso, terminal(80))).toBe(text));

test('colours only on a terminal, and not with NO_COLOR or a dumb one', () => {
  const tty = { isTTY: true as const, columns: 90, rows: 30 };
  expect(viewOf({ ...tty }, {}).paint('head', 'x')).toBe('\x1b[1mx\x1b[0m');
  expect(viewOf(tty, { NO_COLOR: '1' }).paint('head', 'x')).toBe('x');
  expect(viewOf(tty, { TERM: 'dumb' }).paint('head', 'x')).toBe('x');
  expect(viewOf(tty, { NO_COLOR: '' }).paint('head', 'x')).not.toBe('x');
  expect(viewOf({ ...tty, isTTY: false }, {})).toMatchObject({ isTerminal: false, width: Infinity });
});

test.each([
  ['/usr/local/bin/kubectl-muster', 'kubectl muster'],
  ['/x/kubectl-muster.js', 'kubectl muster'],
  ['/x/dist/cli.js', 'muster'],
  [undefined, 'muster'],
])('started as %s it is %s', (script, name) => expect(programName(script)).toBe(name));

test('times in a sentence are those of the clock on the wall, for people; a program reads them as they are', () => {
  const [soon, far] = ['2026-11-22T12:40:05.123Z', '2026-12-24T08:00:00Z'];
  const text = `Started 3 min later than told (${soon}), by ${far}, not 2026-99-99T99:99:99Z.`;
  const [near, day] = [soon, far].map((iso) => clockTime(iso, now()));
  expect(near).toMatch(/^\d\d:\d\d$|^2026-11-2[123] /);
  const shown = `Started 3 min later than told (${near}), by ${day}, not 2026-99-99T99:99:99Z.`;
  expect(withLocalTimes(text, terminal(80))).toBe(shown);
  const decision = { id: 1, at: soon, kind: 'start-late', gang: '', text };
  expect(decisionLine(decision, terminal(80)).endsWith(shown)).toBe(true);
  expect(decisionLine(decision, PIPE).endsWith(text)).toBe(true);
});
