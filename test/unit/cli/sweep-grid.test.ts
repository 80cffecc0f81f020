import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rulesOf, policyGrid, requireValid } from '../../../src/cli/sweep-grid.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-grid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const two = join(folder, 'two.yaml');
writeFileSync(two, 'policies:\n  - name: etl\n    match: { namespaces: [etl] }\n  - name: rest\n');
const names = (sources: readonly string[], sets: readonly string[] = []) =>
  policyGrid(sources, sets).map(({ name }) => name);

test('without --set each policy is there once, under the name of its file', () => {
  expect(names(['muster', two, 'muster'])).toEqual(['muster', 'two']);
});

test('every combination of the values, the last setting fastest', () => {
  expect(names(['muster'], ['queue.blockAfter=0,never', 'members.strategy=pack,spread'])).toEqual([
    'muster queue.blockAfter=0 members.strategy=pack',
    'muster queue.blockAfter=0 members.strategy=spread',
    'muster queue.blockAfter=never members.strategy=pack',
    'muster queue.blockAfter=never members.strategy=spread',
  ]);
});

test('a setting for one policy leaves the files without it alone', () => {
  const grid = policyGrid(['kube-default', two, 'muster'], ['rest:queue.blockAfter=0,5m', 'muster:gangs=off']);
  expect(grid.map(({ name }) => name)).toEqual([
    'kube-default',
    'two rest:queue.blockAfter=0',
    'two rest:queue.blockAfter=5m',
    'muster gangs=off',
  ]);
  expect(rulesOf(grid[2]!).policies.map(({ queue }) => queue.blockAfterMs)).toEqual([600_000, 300_000]);
});

test.each([
  [['none:gangs=off'], '--set none:gangs: there is no policy none'],
  [['gangs=off', 'gangs=on'], '--set gangs is there twice'],
  [['gangs=maybe'], 'muster with --set gangs=maybe: policies[0].gangs: expected on or off, got "maybe"'],
])('%s is a mistake', (sets, part) => {
  expect(() => requireValid(policyGrid(['muster'], sets))).toThrow(part);
});
