import { mkdtempSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import { policyFor } from '../../../src/core/policy/select.ts';
import { parsePolicies } from '../../../src/intake/policy-file.ts';
import { readPolicies, watchPolicies } from '../../../src/server/policy-source.ts';
import { pod } from '../../support/builders.ts';

const file = (...lines: string[]) =>
  ['policies:', '  - name: etl', ...lines.map((line) => `    ${line}`), ''].join('\n');

test('a file that says nothing is the default policy', () => {
  expect(parsePolicies(file(), 'f')).toEqual([{ ...DEFAULT_POLICY, name: 'etl' }]);
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

describe('a mistake is named with file, line, field, value and what is allowed', () => {
  test.each<[mistake: string, text: string, says: string | RegExp]>([
    [
      'a strategy',
      file('members:', '  strategy: pakc'),
      'f.yaml:4: policies[0].members.strategy: "pakc" is not allowed; allowed: pack, spread, least-fragmentation, weighted (did you mean pack?)',
    ],
    ['a field', file('topolgy: {}'), 'f.yaml:3: policies[0].topolgy: is not a field (did you mean topology?)'],
    [
      'a field of a part',
      file('queue: { blockafter: 1m }'),
      'f.yaml:3: policies[0].queue.blockafter: is not a field (did you mean blockAfter?)',
    ],
    [
      'a scorer',
      file('members: { weights: { binPackin: 1 } }'),
      /f\.yaml:3: policies\[0\]\.members\.weights\.binPackin: is not a (scorer|field).*binPacking/,
    ],
    [
      'a weight below 0',
      file('members: { weights: { spot: -1 } }'),
      'f.yaml:3: policies[0].members.weights.spot: -1 is too small; at least 0 is allowed',
    ],
    [
      'a weight above 1000',
      file('members: { weights: { spot: 1001 } }'),
      'f.yaml:3: policies[0].members.weights.spot: 1001 is too large; at most 1000 is allowed',
    ],
    [
      'a weight that is a text',
      file('members: { weights: { spot: lots } }'),
      'f.yaml:3: policies[0].members.weights.spot: "lots" is not allowed; number is allowed',
    ],
    [
      'a duration',
      file('queue: { blockAfter: 10 minutes }'),
      /f\.yaml:3: policies\[0\]\.queue\.blockAfter: "10 minutes".*a duration such as 90s, 10m, 1h30m, 0 or never is allowed/,
    ],
    [
      'a negative duration',
      file('reservation: { successor: -5s }'),
      /reservation\.successor: "-5s".*a duration such as/,
    ],
    ['a duration without unit', file('reservation: { successor: 5 }'), /reservation\.successor: 5.*a duration such as/],
    ['gangs', file('gangs: maybe'), /f\.yaml:3: policies\[0\]\.gangs: "maybe".*on or off is allowed/],
    [
      'the topology mode',
      file('topology: { mode: must }'),
      /topology\.mode: "must" is not allowed; allowed: require, prefer, none/,
    ],
    [
      'topology without keys',
      file('topology: { mode: require }'),
      'f.yaml:3: policies[0].topology.keys: []: mode require needs at least one node label key',
    ],
    [
      'weighted without weights',
      file('members: { strategy: weighted }'),
      /policies\[0\]\.members\.weights: \{\}: strategy weighted needs a weight above 0 for one of binPacking, /,
    ],
    [
      'nodeLabel without key',
      file('members: { weights: { nodeLabel: 1 } }'),
      /members\.weights\.nodeLabel: 1: needs nodeLabel\.key/,
    ],
    ['an empty label key', file('nodeLabel: { key: "" }'), /nodeLabel\.key: "" is too small/],
    [
      'better',
      file('nodeLabel: { key: p, better: cheap }'),
      /nodeLabel\.better: "cheap" is not allowed; allowed: lower, higher/,
    ],
    [
      'spot',
      file('members: { spot: yes please }'),
      /members\.spot: "yes please" is not allowed; allowed: prefer, avoid/,
    ],
    [
      'a pool without value',
      file('members: { pools: [{ key: k, weight: 1 }] }'),
      'f.yaml:3: policies[0].members.pools[0].value: is missing; string is allowed',
    ],
    [
      'namespaces that are a text',
      file('match: { namespaces: etl }'),
      /match\.namespaces: "etl" is not allowed; array is allowed/,
    ],
    [
      'a label that is a number',
      file('match: { labels: { a: 1 } }'),
      /match\.labels\.a: 1 is not allowed; string is allowed/,
    ],
    [
      'a name',
      'policies: [{ name: "My Policy" }]',
      /f\.yaml:1: policies\[0\]\.name: "My Policy".*a DNS label is allowed/,
    ],
    ['no name', 'policies: [{}]', 'f.yaml:1: policies[0].name: is missing; string is allowed'],
    [
      'two of one name',
      'policies: [{ name: a }, { name: a }]',
      'f.yaml:1: policies[1].name: "a" is the name of two policies',
    ],
    ['no policies', 'policies: []', /policies: \[\] is too small; at least 1 is allowed/],
    ['an empty file', '', /f\.yaml:1: the file: null is not allowed; object is allowed/],
    ['a list', '- a', /the file: \["a"\] is not allowed; object is allowed/],
    ['another top field', 'policy: []', /f\.yaml:1: policy: is not a field \(did you mean policies\?\)/],
    ['a key twice', file('gangs: on', 'gangs: off'), /f\.yaml:4: Map keys must be unique/],
    ['YAML that ends early', 'policies: [{', /f\.yaml:1: /],
    ['two documents', 'policies: []\n---\npolicies: []', /several YAML documents/],
    [
      'aliases that explode',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\npolicies: [*c,*c]`,
      /alias/,
    ],
    ['a file of 2 MB', `# ${'x'.repeat(2 * 2 ** 20)}`, /larger than 1048576 bytes/],
    ['__proto__', 'policies: [{ name: a, __proto__: { gangs: off } }]', /__proto__: is not a field/],
  ])('%s', (_mistake, text, says) => {
    expect(() => parsePolicies(text, 'f.yaml')).toThrow(says);
  });

  test('all mistakes at once, a line each', () => {
    expect(() => parsePolicies(file('gangs: maybe', 'members: { strategy: x, spot: y }'), 'f')).toThrow(
      /gangs.*\n.*members\.strategy.*\n.*members\.spot/,
    );
  });
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

test('a changed file is read again; a broken one is told of and keeps the old', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'muster-')), 'p.yaml');
  const put = (text: string) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  put('policies: [{name: one}]');
  const [onPolicies, onProblem] = [vi.fn(), vi.fn()];
  const stop = watchPolicies(path, { onPolicies, onProblem, pollMs: 5 });
  put('policies: [{name: two}]');
  await vi.waitFor(() => expect(onPolicies).toHaveBeenCalledTimes(1));
  put('policies: [{name: Three}]');
  await vi.waitFor(() => expect(onProblem).toHaveBeenCalledTimes(1));
  put('policies: [{name: four}]');
  await vi.waitFor(() => expect(onPolicies).toHaveBeenCalledTimes(2));
  stop();
  expect(onPolicies.mock.calls.map(([policies]) => (policies as { name: string }[])[0]!.name)).toEqual(['two', 'four']);
});

test('the policies that are shipped can be read', () => {
  const folder = new URL('../../../scheduler-config/policies/', import.meta.url);
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(2);
  for (const name of files)
    expect(parsePolicies(readFileSync(new URL(name, folder), 'utf8'), name).length).toBeGreaterThan(0);
  expect(() => readPolicies('no-such-file.yaml')).toThrow(
    /no-such-file\.yaml.*presets: kube-default, fifo-gang, muster/,
  );
});
