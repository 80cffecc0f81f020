import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_RECLAIM, OPEN_TENANCY, plainQueue } from '../../src/core/policy/tenancy.ts';
import { inspectRules } from '../../src/intake/policy-file.ts';

const text = readFileSync(new URL('../../docs/queues.md', import.meta.url), 'utf8');
const between = (from: string, to: string) => text.split(from)[1]?.split(to)[0] ?? '';
const rowsIn = (part: string) =>
  [...part.matchAll(/^\| `([\w.]+)` +\| (?:`([^`]+)`)? +\|/gm)].map(([, field, value]) => [field!, value] as const);
/** The defaults that a table says, as a map of YAML. */
const said = (rows: readonly (readonly [string, string | undefined])[]) =>
  `{ ${rows.flatMap(([field, value]) => (value === undefined ? [] : [`${field.split('.').at(-1)}: ${value}`])).join(', ')} }`;

test('docs/queues.md has every field of a queue with its default', () => {
  const rows = rowsIn(between('\n## `queues`', '\nA `reclaim` block'));
  const fields = Object.keys(plainQueue('')).map((field) => (field === 'yields' ? 'yield' : field));
  expect(rows.map(([field]) => field).sort()).toEqual(fields.sort());
  const file = `queues: [{ name: a, queues: [${said(rows).replace('{', '{ name: b,')}] }]`;
  expect(inspectRules(file, 'f').rules.tenancy.queues[0]!.queues[0]).toEqual(plainQueue('b'));
});

test('docs/queues.md has every field of reclaim and fairness with its default', () => {
  const rows = rowsIn(text);
  const of = (block: string) => rows.filter(([field]) => field.startsWith(`${block}.`));
  const names = (block: string) => of(block).map(([field]) => field.slice(block.length + 1));
  const keys = (value: object) =>
    Object.keys(value).map((key) => (key === 'maxAfterMs' ? 'max' : key.replace(/Ms$/, '')));
  expect(names('reclaim').sort()).toEqual(keys(DEFAULT_RECLAIM).sort());
  expect(names('fairness').sort()).toEqual(keys(OPEN_TENANCY.fairness).sort());
  const file = `queues: [{ name: a, reclaim: ${said(of('reclaim'))} }]\nfairness: ${said(of('fairness'))}`;
  const { queues, fairness } = inspectRules(file, 'f').rules.tenancy;
  expect(queues[0]!.reclaim).toEqual(DEFAULT_RECLAIM);
  expect(fairness).toEqual({ ...OPEN_TENANCY.fairness, priority: 'within' });
});

test('scheduler-config/policies/queues.yaml has no mistakes and no warnings', () => {
  const shipped = readFileSync(new URL('../../scheduler-config/policies/queues.yaml', import.meta.url), 'utf8');
  expect(inspectRules(shipped, 'f').warnings).toEqual([]);
});
