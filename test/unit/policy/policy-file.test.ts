import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../src/core/errors.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import { PRESETS } from '../../../src/core/policy/presets.ts';
import { policyFor } from '../../../src/core/policy/select.ts';
import { isReclaiming } from '../../../src/core/policy/tenancy.ts';
import { parseDuration } from '../../../src/intake/duration.ts';
import { parsePolicies } from '../../support/parse-policies.ts';
import { pod } from '../../support/builders.ts';

const file = (...lines: string[]) =>
  ['policies:', '  - name: etl', ...lines.map((line) => `    ${line}`), ''].join('\n');

test('a file that says nothing is the default policy', () => {
  expect(parsePolicies(file(), 'f')).toEqual([{ ...DEFAULT_POLICY, name: 'etl' }]);
});

test('on and off may be words or booleans', () => {
  const gangsOf = (text: string) => parsePolicies(file(`gangs: ${text}`), 'f')[0]!.gangs;
  expect(['on', 'off', 'true', 'false', '"off"'].map(gangsOf)).toEqual(['on', 'off', 'on', 'off', 'off']);
});

test('JSON will do, and so will anchors', () => {
  expect(parsePolicies('{"policies":[{"name":"a"}]}', 'f')[0]!.name).toBe('a');
  const [policy] = parsePolicies(file('leader: &p { strategy: spread }', 'members: *p'), 'f');
  expect([policy!.leader.strategy, policy!.members.strategy]).toEqual(['spread', 'spread']);
});

test('everything that can be said is read, with its unit', () => {
  const [policy] = parsePolicies(
    file(
      'match: { namespaces: [a], labels: { team: x } }',
      'gangs: off',
      'leader: { strategy: weighted, weights: { leaderSpread: 2, nodeLabel: 1 }, spot: avoid, requireLabels: { pool: d } }',
      'members: { strategy: spread, pools: [{ key: k, value: v, weight: -1 }] }',
      'topology: { mode: prefer, keys: [rack, zone], leader: false }',
      'queue: { blockAfter: never }',
      'reservation: { unclaimed: 1h30m, successor: 90s }',
      'spotLabels: { spot: [] }',
      'nodeLabel: { key: price, better: lower }',
    ),
    'f',
  );
  expect(policy).toMatchObject({
    gangs: 'off',
    leader: { strategy: 'weighted', spot: 'avoid' },
    members: { strategy: 'spread', pools: [{ key: 'k', value: 'v', weight: -1 }] },
    topology: { mode: 'prefer', keys: ['rack', 'zone'], leader: false },
    queue: { blockAfterMs: Infinity },
    reservation: { unclaimedMs: 5_400_000, successorMs: 90_000 },
  });
  expect([...policy!.leader.weights]).toEqual([
    ['leaderSpread', 2],
    ['nodeLabel', 1],
  ]);
  expect([
    policy!.match.labels.get('team'),
    policy!.leader.requireLabels.get('pool'),
    policy!.spotLabels.has('spot'),
  ]).toEqual(['x', 'd', true]);
});

const FIELDS =
  'name, match, gangs, leader, members, topology, queue, spark, reservation, priority, deadline, preemption, spotLabels, nodeLabel';
const SCORER_NAMES =
  'binPacking, spreading, balance, fragmentation, topology, nodePool, spot, imageLocality, leaderSpread, nodeLabel';
const DURATION = 'expected a duration such as 90s, 10m, 1h30m, 0 or never';
const EXPLOSION = `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\npolicies: [*c,*c]`;

/** The sentence of the error, without remedy and code; a full text, so that a change of wording is seen. */
function mistakesIn(text: string): string {
  try {
    parsePolicies(text, 'f.yaml');
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    expect(error.code).toBe('MUSTER_POLICY_INVALID');
    return error.what;
  }
  return 'no mistake';
}

describe('a mistake is named with file, line, field, value and what is allowed', () => {
  const within = (line: number, rest: string) => `f.yaml:${line}: policies[0].${rest}.`;
  test.each<[mistake: string, text: string, says: string]>([
    [
      'a strategy',
      file('members:', '  strategy: pakc'),
      within(
        4,
        'members.strategy: expected one of pack, spread, least-fragmentation, weighted, got "pakc" (did you mean pack?)',
      ),
    ],
    [
      'a strategy that is a number',
      file('members: { strategy: 7 }'),
      within(3, 'members.strategy: expected one of pack, spread, least-fragmentation, weighted, got 7'),
    ],
    [
      'a field',
      file('topolgy: {}'),
      within(3, `topolgy: unknown field; expected one of ${FIELDS} (did you mean topology?)`),
    ],
    [
      'a field that is like no other',
      file('constructor: 1'),
      within(3, `constructor: unknown field; expected one of ${FIELDS}`),
    ],
    [
      'a field of a part',
      file('queue: { blockafter: 1m }'),
      within(
        3,
        'queue.blockafter: unknown field; expected one of blockAfter, patience, backfill, order, overrun, extras (did you mean blockAfter?)',
      ),
    ],
    [
      'a scorer',
      file('members:', '  weights:', '    spot: 1', '    binPack: 1'),
      within(6, `members.weights.binPack: unknown field; expected one of ${SCORER_NAMES} (did you mean binPacking?)`),
    ],
    [
      'a weight below 0',
      file('members: { weights: { spot: -1 } }'),
      within(3, 'members.weights.spot: must be at least 0, got -1'),
    ],
    [
      'a weight above 1000',
      file('members: { weights: { spot: 1001 } }'),
      within(3, 'members.weights.spot: must be at most 1000, got 1001'),
    ],
    [
      'a weight that is a text',
      file('members: { weights: { spot: lots } }'),
      within(3, 'members.weights.spot: expected a number, got "lots"'),
    ],
    [
      'a weight that is not there',
      file('members: { weights: { spot: } }'),
      within(3, 'members.weights.spot: expected a number, got null'),
    ],
    [
      'a weight that is no number',
      file('members: { weights: { spot: .nan } }'),
      within(3, 'members.weights.spot: expected a number, got NaN'),
    ],
    [
      'an endless weight',
      file('members: { weights: { spot: .inf } }'),
      within(3, 'members.weights.spot: expected a number, got Infinity'),
    ],
    [
      'weights that are a list',
      file('members: { weights: [spot] }'),
      within(3, 'members.weights: expected a map, got ["spot"]'),
    ],
    [
      'a duration',
      file('queue: { blockAfter: 10 minutes }'),
      within(3, `queue.blockAfter: ${DURATION}, got "10 minutes"`),
    ],
    [
      'a negative duration',
      file('reservation: { successor: -5s }'),
      within(3, `reservation.successor: ${DURATION}, got "-5s"`),
    ],
    [
      'a duration without unit',
      file('reservation: { successor: 5 }'),
      within(3, `reservation.successor: ${DURATION}, got 5`),
    ],
    [
      'a duration that is true',
      file('reservation: { unclaimed: true }'),
      within(3, `reservation.unclaimed: ${DURATION}, got true`),
    ],
    [
      'a duration past all numbers',
      file('queue: { blockAfter: 99999999999999999d }'),
      within(3, `queue.blockAfter: ${DURATION}, got "99999999999999999d"`),
    ],
    ['gangs', file('gangs: maybe'), within(3, 'gangs: expected on or off, got "maybe"')],
    [
      'the topology mode',
      file('topology: { mode: must }'),
      within(3, 'topology.mode: expected one of require, prefer, none, got "must"'),
    ],
    [
      'topology without keys',
      file('topology: { mode: require }'),
      within(3, 'topology.keys: must name at least one node label key with mode require, got []'),
    ],
    [
      'a preemption mode',
      file('preemption: { mode: on }'),
      within(3, 'preemption.mode: expected one of off, advise, enforce, got "on"'),
    ],
    [
      'a priority gap of 0: gangs of one priority would evict each other',
      file('preemption: { priorityGap: 0 }'),
      within(3, 'preemption.priorityGap: must be at least 1, got 0'),
    ],
    [
      'a queue without a name',
      file('preemption: { queues: [""] }'),
      within(3, 'preemption.queues[0]: must not be empty, got ""'),
    ],
    [
      'who may be a victim',
      file('preemption: { victims: everybody }'),
      within(3, 'preemption.victims: expected one of gangs, scheduler, any, got "everybody"'),
    ],
    [
      'a budget that is negative',
      file('preemption: { budget: { perMinute: -1 } }'),
      within(3, 'preemption.budget.perMinute: must be at least 0, got -1'),
    ],
    [
      'a budget that is a fraction',
      file('preemption: { budget: { perGang: 0.5 } }'),
      within(3, 'preemption.budget.perGang: expected an integer, got 0.5'),
    ],
    [
      'a cost term',
      file('preemption: { cost: { comback: 1 } }'),
      within(
        3,
        'preemption.cost.comback: unknown field; expected one of work, workCapSeconds, keptOn, keptGib, comeback, brokenGang, restart, deadline, deletionCost, givenUp, doomedNode, gpuCores (did you mean comeback?)',
      ),
    ],
    [
      'a share above 1',
      file('preemption: { cost: { keptOn: { store: 1.5 } } }'),
      within(3, 'preemption.cost.keptOn.store: must be at most 1, got 1.5'),
    ],
    [
      'points beyond what a PriorityClass may have',
      file('priority: { queues: { prod: 2000000000 } }'),
      within(3, 'priority.queues.prod: must be at most 1000000000, got 2000000000'),
    ],
    [
      'a claim that is no number',
      file('priority: { members: driver }'),
      within(3, 'priority.members: expected leader or a whole number, got "driver"'),
    ],
    [
      'a deadline whose curve ends before it begins',
      file('deadline: { boost: 10, from: 1, full: 2 }'),
      within(3, 'deadline.full: must be less than deadline.from, which is 1, got 2'),
    ],
    [
      'an expected duration of 0',
      file('deadline: { expected: 0 }'),
      within(3, 'deadline.expected: must be a finite duration above 0, got 0'),
    ],
    ['a hostile queue', file('priority: { queues: { __proto__: 1 } }'), 'f.yaml:3: __proto__: unknown field.'],
    [
      'an empty topology key',
      file('topology: { mode: prefer, keys: [""] }'),
      within(3, 'topology.keys[0]: must not be empty, got ""'),
    ],
    [
      'topology.leader',
      file('topology: { leader: yes }'),
      within(3, 'topology.leader: expected true or false, got "yes"'),
    ],
    [
      'weighted without weights',
      file('members: { strategy: weighted }'),
      within(3, `members.weights: strategy weighted needs a weight above 0 for one of ${SCORER_NAMES}, got {}`),
    ],
    [
      'weighted with weights of 0',
      file('leader: { strategy: weighted, weights: { spot: 0 } }'),
      within(3, `leader.weights: strategy weighted needs a weight above 0 for one of ${SCORER_NAMES}, got {"spot":0}`),
    ],
    [
      'nodeLabel without key',
      file('members: { weights: { nodeLabel: 1 } }'),
      within(
        3,
        'members.weights.nodeLabel: must be 0 unless the policy names the label to read in nodeLabel.key, got 1',
      ),
    ],
    ['an empty label key', file('nodeLabel: { key: "" }'), within(3, 'nodeLabel.key: must not be empty, got ""')],
    [
      'better',
      file('nodeLabel: { key: p, better: cheap }'),
      within(3, 'nodeLabel.better: expected one of lower, higher, got "cheap"'),
    ],
    [
      'spot',
      file('members: { spot: yes please }'),
      within(3, 'members.spot: expected one of prefer, avoid, got "yes please"'),
    ],
    [
      'a pool without value',
      file('members: { pools: [{ key: k, weight: 1 }] }'),
      within(3, 'members.pools[0].value: is required, but is missing; expected a string'),
    ],
    [
      'a pool that weighs too much',
      file(
        'members:',
        '  pools:',
        '    - { key: k, value: v, weight: 1 }',
        '    - { key: k, value: w, weight: -1001 }',
      ),
      within(6, 'members.pools[1].weight: must be at least -1000, got -1001'),
    ],
    [
      'namespaces that are a text',
      file('match: { namespaces: etl }'),
      within(3, 'match.namespaces: expected a list, got "etl"'),
    ],
    [
      'a label that is a number',
      file('match: { labels: { a: 1 } }'),
      within(3, 'match.labels.a: expected a string, got 1'),
    ],
    [
      'spot labels that are a text',
      file('spotLabels: { a: spot }'),
      within(3, 'spotLabels.a: expected a list, got "spot"'),
    ],
    [
      'a long value',
      file(`gangs: ${'x'.repeat(500)}`),
      within(3, `gangs: expected on or off, got "${'x'.repeat(76)}...`),
    ],
    [
      'a name',
      'policies: [{ name: "My Policy" }]',
      within(1, 'name: expected a DNS label (lower-case letters, digits, -), got "My Policy"'),
    ],
    ['no name', 'policies: [{}]', within(1, 'name: is required, but is missing; expected a string')],
    [
      'two of one name',
      'policies:\n- name: a\n- name: a',
      'f.yaml:3: policies[1].name: must be unique among the policies, got "a".',
    ],
    ['no policies', 'policies: []', 'f.yaml:1: policies: must not be empty, got [].'],
    ['policies that are null', 'policies:', 'f.yaml:1: policies: expected a list, got null.'],
    ['an empty file', '', 'f.yaml: is empty; expected a map with policies or queues.'],
    ['a file of comments', '# nothing\n', 'f.yaml: is empty; expected a map with policies or queues.'],
    ['a list', '- a', 'f.yaml:1: the file: expected a map, got ["a"].'],
    [
      'another top field',
      'polices: []',
      'f.yaml:1: policies: is required, but is missing; expected a list\nf.yaml:1: polices: unknown field; expected one of policies, queues, queueRules, namespaceGroups, fairness, rates, addresses, prices (did you mean policies?).',
    ],
    ['a key twice', file('gangs: on', 'gangs: off'), 'f.yaml:4: gangs: duplicate key.'],
    ['a key that is a map', file('? { a: 1 }', ': 2'), 'f.yaml:3: a key must be a string.'],
    ['__proto__ as a field', file('__proto__: { gangs: off }'), 'f.yaml:3: __proto__: unknown field.'],
    ['__proto__ as a scorer', file('members: { weights: { __proto__: 1 } }'), 'f.yaml:3: __proto__: unknown field.'],
    [
      'YAML that ends early',
      'policies: [',
      'f.yaml:1: Flow sequence in block collection must be sufficiently indented and end with a ].',
    ],
    ['a tab', 'policies:\n\t- name: x', 'f.yaml:2: Tabs are not allowed as indentation.'],
    ['a tag', file('gangs: !!js/function "x"'), 'f.yaml:3: Unresolved tag: tag:yaml.org,2002:js/function.'],
    ['two documents', 'policies: []\n---\npolicies: []', 'f.yaml: expected one YAML document, got several.'],
    ['an alias of nothing', file('members: *m'), 'f.yaml:3: *m: no anchor &m comes before it.'],
    ['an alias of itself', 'policies: &p\n- name: a\n  leader: *p', 'f.yaml:3: *p: contains itself.'],
    ['aliases that explode', EXPLOSION, 'f.yaml: Excessive alias count indicates a resource exhaustion attack.'],
    ['many aliases', `a: &a 1\npolicies: [${'*a,'.repeat(100_000)}]`, 'f.yaml:2: must not have more than 100 aliases.'],
    ['a file of 2 MB', `# ${'x'.repeat(2 * 2 ** 20)}`, 'f.yaml: must be at most 1048576 bytes large.'],
    [
      'thousands of policies',
      `policies: [${Array.from({ length: 1001 }, (_, i) => `{name: p${i}}`).join(', ')}]`,
      'f.yaml:1: policies: must have at most 1,000 entries.',
    ],
  ])('%s', (_mistake, text, says) => {
    expect(mistakesIn(text)).toBe(says);
  });

  test('all mistakes at once, a line each, in the order of the file', () => {
    const text = file(
      'members: { strategy: pakc, weights: { spot: -3 } }',
      'topolgy: {}',
      'queue: { blockAfter: soon }',
    );
    expect(mistakesIn(text).split('\n')).toEqual([
      expect.stringMatching(/^f\.yaml:3: .*members\.strategy: .*, got "pakc"/),
      expect.stringMatching(/^f\.yaml:3: .*members\.weights\.spot: .*, got -3/),
      expect.stringMatching(/^f\.yaml:4: .*topolgy/),
      expect.stringMatching(/^f\.yaml:5: .*queue\.blockAfter: .*, got "soon"/),
    ]);
  });

  test('a file of nothing but mistakes is answered with the first 50', () => {
    const fields = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`);
    expect(mistakesIn(file(...fields)).split('\n')).toHaveLength(50);
    const doubled = Array.from({ length: 20_000 }, () => 'gangs: on');
    expect(mistakesIn(file(...doubled)).split('\n')).toHaveLength(50);
  });

  test('no text makes it throw anything but MUSTER_POLICY_INVALID', () => {
    const word = fc.constantFrom(
      ...[
        'policies',
        'name',
        'members',
        'weights',
        'spot',
        'topology',
        '- ',
        ': ',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        ',',
      ],
      ...['&a', '*a', '0', '-1', '~', '"', '!!', '|', '__proto__', '\u0000', '<<'],
    );
    const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.string(),
          text.map((rest) => file(rest)),
        ),
        (source) => {
          expect(typeof mistakesIn(source)).toBe('string');
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });
});

test.each<[text: string, ms: number | undefined]>([
  ['0', 0],
  ['never', Infinity],
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['', undefined],
  ['10', undefined],
  ['-5s', undefined],
  ['5 s', undefined],
  ['1h30', undefined],
  ['1e3s', undefined],
  ['5S', undefined],
  ['Infinity', undefined],
  ['9007199254740993ms', undefined],
])('the duration %j is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test('the presets: no gangs; strict order; fewest nodes and ten minutes of passing', () => {
  const summary = [...PRESETS].map(([name, { policies }]) => {
    const [policy, more] = policies;
    expect(more).toBeUndefined();
    expect(policy!.name).toBe(name);
    return [name, policy!.gangs, policy!.members.strategy, policy!.leader.strategy, policy!.queue.blockAfterMs];
  });
  expect(summary).toEqual([
    ['kube-default', 'off', 'pack', 'pack', 600_000],
    ['kube-no-preemption', 'off', 'pack', 'pack', 600_000],
    ['fifo-gang', 'on', 'pack', 'pack', 0],
    ['muster', 'on', 'least-fragmentation', 'pack', 600_000],
    ['muster-preempt', 'on', 'least-fragmentation', 'pack', 600_000],
    ['muster-fair', 'on', 'least-fragmentation', 'pack', 600_000],
    ['kueue-like', 'on', 'pack', 'pack', Infinity],
    ['yunikorn-like', 'on', 'pack', 'pack', Infinity],
  ]);
  const preempting = [...PRESETS].filter(([, { policies }]) => policies[0]!.preemption.mode === 'enforce');
  expect(preempting.map(([name]) => name)).toEqual(['kube-default', 'muster-preempt']);
  const reclaiming = [...PRESETS].filter(([, { tenancy }]) => isReclaiming(tenancy));
  expect(reclaiming.map(([name]) => name)).toEqual(['muster-fair', 'kueue-like', 'yunikorn-like']);
});

test('the first policy that matches is taken, else the default', () => {
  const policies = parsePolicies(
    'policies: [{name: a, match: {namespaces: [jobs], labels: {team: x}}}, {name: b, match: {namespaces: [jobs]}}]',
    'f',
  );
  expect(policyFor(policies, pod('p', { labels: { team: 'x' } })).name).toBe('a');
  expect(policyFor(policies, pod('p')).name).toBe('b');
  expect(policyFor(policies, { ...pod('p'), namespace: 'other' }).name).toBe('default');
});

test('docs/policies.md has every label that marks a spot node', () => {
  const docs = readFileSync(new URL('../../../docs/policies.md', import.meta.url), 'utf8');
  for (const [key, [value]] of DEFAULT_POLICY.spotLabels) {
    expect(docs).toContain(`\`${key}: [${value === 'true' ? '"true"' : value}]\``);
  }
});
