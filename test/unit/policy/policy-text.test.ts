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

const amount = fc.oneof(fc.nat(99), fc.constantFrom('500m', '64Gi', '3Mi', '1e3', '7%', '33.5%'));
const quota = fc.oneof(
  fc.constant('40%'),
  fc.dictionary(fc.constantFrom('cpu', 'memory', 'nvidia.com/gpu', 'pods'), amount, { maxKeys: 3 }),
);
/** More than any amount above: a guarantee or a pod above max is a mistake. */
const most = fc.oneof(
  fc.constant('40%'),
  fc.dictionary(fc.constantFrom('cpu', 'memory', 'nvidia.com/gpu'), fc.constantFrom('99Gi', '100%'), { maxKeys: 3 }),
);
const sizes = fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.nat(99));
const names = fc.array(fc.stringMatching(/^[a-z*]{1,4}$/), { maxLength: 2 });
const limit = fc.record({ max: quota, gangs: fc.nat(9) }, { requiredKeys: [] });
const said = {
  guaranteed: quota,
  max: most,
  lend: quota,
  weight: fc.constantFrom(0.001, 0.5, 1, 3),
  order: fc.constantFrom('fifo', 'shortest', 'deadline', 'fair'),
  priority: fc.constantFrom('within', 'across', 'first'),
  users: fc.record({ max: quota, gangs: fc.nat(9), of: fc.dictionary(word, limit) }, { requiredKeys: [] }),
  running: fc.record({ gangs: fc.nat(1e9), pods: fc.nat(1e9), podsPerNamespace: fc.nat(1e9) }, { requiredKeys: [] }),
  podSize: sizes,
  surge: fc.constantFrom('0%', '10%', '7%', 0.25),
  reclaim: fc.record(
    { mode: fc.constantFrom('off', 'enforce'), to: fc.constant('share'), after: duration, max: duration },
    { requiredKeys: [] },
  ),
  yield: fc.constantFrom('08:00-18:00 Europe/Berlin', '22:30-06:00', '12:00-24:00 UTC'),
  namespaces: names,
  singles: fc.constantFrom('count', 'gate', 'ignore'),
  nodes: labels,
  exclusive: fc.constantFrom('namespace', 'none'),
};
const optional = { requiredKeys: [] as never[] };
// Names must differ.
const named = (queues: fc.Arbitrary<object>) =>
  fc.array(queues, { maxLength: 2 }).map((list) => list.map((one, i) => ({ ...one, name: `q${i}` })));
const leaf = fc.record({ ...said, each: fc.record({ ...said, each: fc.record(said, optional) }, optional) }, optional);
const queues = named(fc.record({ ...said, queues: named(leaf) }, optional));
const bucket = fc.record({ perSecond: fc.constantFrom(0.5, 40), burst: fc.integer({ min: 1, max: 9 }) });
const shared = fc.record(
  {
    queueRules: fc.array(
      fc.record(
        { namespaces: names, labels, users: names, dialects: fc.constant(['spark']), force: fc.boolean() },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    ),
    namespaceGroups: fc.record({ namespaces: names, pods: fc.nat(1e9), podSize: sizes }, { requiredKeys: [] }),
    fairness: fc.record(
      {
        resources: fc.constantFrom('auto', ['cpu', 'nvidia.com/gpu']),
        priority: fc.constantFrom('within', 'across', 'first'),
        turns: fc.constantFrom('share', 'fifo', 'borrowing', 'guarantee-ratio'),
        memory: fc.constantFrom(0, 0.5, 1),
        halfLife: fc.constantFrom('90s', '7d'),
      },
      { requiredKeys: [] },
    ),
    rates: fc.record({ pods: bucket, namespaces: bucket }, { requiredKeys: [] }),
    addresses: fc.record(
      { size: fc.nat(99), sizes: fc.dictionary(word, fc.nat(9)), keep: fc.nat(9), cooldown: duration },
      { requiredKeys: ['size'] },
    ),
    prices: fc.constantFrom(
      { perHour: 3.06 },
      { match: { labels: { a: 'b' } }, perHour: 0 },
      { from: 'label', key: 'k' },
    ),
  },
  { requiredKeys: [] },
);

test('whatever a file says of queues, its text says the same', () => {
  fc.assert(
    fc.property(shared, queues, (file, queues) => {
      const { queueRules: rules, namespaceGroups: group, addresses: pool, prices: price } = file;
      const whole = {
        ...file,
        queueRules: rules?.map((rule) => ({ ...rule, queue: 'nobody' })),
        namespaceGroups: group && [{ name: 'g', ...group }],
        addresses: pool && [{ key: 'zone', ...pool }],
        prices: price && [price],
        // A rule names a leaf.
        queues: rules ? [...queues, { name: 'nobody' }] : queues,
      };
      const read = parseRules(JSON.stringify(whole), 'f');
      expect(parseRules(policyText(read), 'text')).toEqual(read);
    }),
    { seed: 1 },
  );
});
