import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRESETS } from '../../../src/core/policy/presets.ts';
import { parseRules } from '../../../src/intake/policy-file.ts';
import { policyText } from '../../../src/intake/policy-text.ts';

const FOLDER = 'scheduler-config/policies';
const shipped = readdirSync(FOLDER).map((name) => parseRules(readFileSync(`${FOLDER}/${name}`, 'utf8'), name));

test.each([...PRESETS])('the text of preset %s is read as the preset', (_, rules) => {
  expect(parseRules(policyText(rules), 'text')).toEqual(rules);
});

test('the text of each shipped file is read as the file', () => {
  expect(shipped.length).toBeGreaterThan(3);
  for (const rules of shipped) expect(parseRules(policyText(rules), 'text')).toEqual(rules);
});

test('only what differs from the defaults is said, in the units of a policy file', () => {
  expect(policyText(PRESETS.get('muster-preempt')!)).toBe(
    `policies:
  - name: muster-preempt
    members:
      strategy: least-fragmentation
    preemption:
      mode: enforce
      wholeGangs: true
`,
  );
  expect(policyText(PRESETS.get('fifo-gang')!)).toContain('blockAfter: 0\n');
});

const duration = fc.oneof(
  fc.constant('never'),
  fc.constant(0),
  fc.nat(1e9).map((ms) => `${ms}ms`),
);
const word = fc.stringMatching(/^[a-z]{1,5}(\.[a-z]{1,3}\/[a-z]{1,3})?$/);
const labels = fc.dictionary(word, word, { maxKeys: 2 });
const changed = fc.record(
  {
    match: fc.record({ namespaces: fc.array(word), labels }),
    gangs: fc.constantFrom('on', 'off'),
    leader: fc.record({ spot: fc.constantFrom('prefer', 'avoid'), requireLabels: labels }),
    members: fc.record({
      strategy: fc.constantFrom('pack', 'spread', 'weighted'),
      weights: fc.record({ spot: fc.integer({ min: 1, max: 9 }) }),
    }),
    queue: fc.record({ blockAfter: duration }),
    reservation: fc.record({ unclaimed: duration, successor: duration }),
    priority: fc.record({ queues: fc.dictionary(word, fc.nat(9)), members: fc.constantFrom('leader', 7) }),
    deadline: fc.record({ expected: fc.constant('90s'), late: fc.constantFrom('keep', 'drop') }),
    preemption: fc.record({
      mode: fc.constantFrom('off', 'advise', 'enforce'),
      after: duration,
      budget: fc.record({ gangWindow: duration, perGang: fc.nat(9) }),
      cost: fc.record({ keptOn: fc.record({ store: fc.constantFrom(0, 0.25, 1) }), work: fc.nat(9) }),
    }),
    spotLabels: fc.dictionary(word, fc.array(word, { maxLength: 2 }), { maxKeys: 2 }),
    nodeLabel: fc.record({ key: word, better: fc.constantFrom('lower', 'higher') }),
  },
  { requiredKeys: [] },
);

test('whatever a file says, its text says the same', () => {
  fc.assert(
    fc.property(changed, (policy) => {
      const rules = parseRules(JSON.stringify({ policies: [{ name: 'any', ...policy }] }), 'f');
      expect(parseRules(policyText(rules), 'text')).toEqual(rules);
    }),
  );
});
