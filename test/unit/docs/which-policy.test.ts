import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../../src/core/policy/presets.ts';
import { blocksOf, docText } from '../../support/doc-blocks.ts';
import { parsePolicies } from '../../support/parse-policies.ts';

const DOC = 'docs/which-policy.md';
const FILE = 'scheduler-config/policies/spark.yaml';
/** Rows of the table of presets: name, whole gangs, who waits for whom, evicts, figures. */
const rows = docText(DOC)
  .split('## What the presets are')[1]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

test('every preset is in the document; models of other schedulers are named as such', () => {
  const named = rows.map(([name]) => name);
  const models = [...PRESETS.keys()].filter((name) => name.endsWith('-like'));
  expect([...named, ...models].sort()).toEqual([...PRESETS.keys()].sort());
  for (const model of models) expect(docText(DOC)).toContain(`\`${model}\``);
});

describe.each(rows)('%s', (name, wholeGangs, _whoWaits, evicts) => {
  const { policies, tenancy } = PRESETS.get(name)!;

  test('begins gangs whole, or does not, as the document says', () => {
    expect(policies.map(({ gangs }) => gangs)).toEqual([wholeGangs === 'yes' ? 'on' : 'off']);
  });

  test('evicts, or does not, as the document says', () => {
    const modes = [...policies.map(({ preemption }) => preemption), ...tenancy.queues.map(({ reclaim }) => reclaim)];
    expect(modes.some((one) => one?.mode === 'enforce')).toBe(evicts !== 'nobody');
  });
});

test('the example for Spark is the file that is shipped', () => {
  const example = blocksOf(DOC).find(({ heading }) => heading === 'Are they Spark jobs')!;
  expect(parsePolicies(example.text, DOC)).toEqual(parsePolicies(docText(FILE), FILE));
});

test('the page has no figures of its own', () => {
  const prose = docText(DOC).replace(/^```\w*\n[^]*?^```$/gm, '');
  expect(prose.match(/\d+(\.\d+)? ?(%|h|m|s|x|times)\b/g) ?? []).toEqual([]);
});
