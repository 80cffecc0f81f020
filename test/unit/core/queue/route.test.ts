import { expect, test } from 'vitest';
import { OPEN_TENANCY, type Tenancy } from '../../../../src/core/policy/tenancy.ts';
import { routeOf, routeOfSingle, type Applicant } from '../../../../src/core/queue/route.ts';
import { QueueTree } from '../../../../src/core/queue/tree.ts';
import { group, queue, rule, tenancy } from '../../../support/tenancies.ts';

const FILE = tenancy(
  [
    queue('prod', { namespaces: ['etl-*'], queues: [queue('etl'), queue('ml', { namespaces: ['etl-ml'] })] }),
    queue('adhoc', { each: queue('') }),
    queue('batch', { queues: [queue('default'), queue('night')] }),
  ],
  {
    rules: [
      rule('prod.etl', { namespaces: ['etl-*'] }),
      rule('adhoc.{label:example.com/team}', { labels: new Map([['example.com/team', 't*']]) }),
      rule('adhoc.{namespace}', { groups: ['data'] }),
      rule('adhoc.{user}', { users: ['a*'] }),
      rule('batch.night', { dialects: ['kueue'] }),
    ],
    groups: [group('data', ['data-*'])],
  },
);

interface Said extends Partial<Omit<Applicant, 'labels'>> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly named?: string;
}

const applicant = ({ namespace = 'bob', user = 'bob', labels = {}, dialect }: Said): Applicant => ({
  namespace,
  user,
  labels: new Map(Object.entries(labels)),
  dialect,
});
const route = (said: Said, file: Tenancy = FILE) =>
  routeOf(new QueueTree(file), applicant(said), said.named ?? 'default');
const path = (said: Said, file?: Tenancy) => route(said, file).path;

test.each<[string, Said, string]>([
  ['nothing matches', {}, 'default'],
  ['a pattern of namespaces', { namespace: 'etl-a' }, 'prod.etl'],
  ['a label, in whose key there are dots', { labels: { 'example.com/team': 'tx' } }, 'adhoc.tx'],
  ['a label with another value', { labels: { 'example.com/team': 'x' } }, 'default'],
  ['a group of namespaces', { namespace: 'data-1' }, 'adhoc.data-1'],
  ['a user', { user: 'alice' }, 'adhoc.alice'],
  ['a dialect', { dialect: 'kueue' }, 'batch.night'],
  ['the first that matches', { namespace: 'data-1', user: 'alice' }, 'adhoc.data-1'],
])('a gang that names no queue goes where the first rule says: %s', (_what, said, expected) => {
  for (const named of ['default', '', '.', 'root', 'root.', 'root.default', '...'])
    expect(route({ ...said, named })).toEqual({ path: expected });
});

test.each<[string, string, Said]>([
  ['prod.etl', 'prod.etl', { namespace: 'etl-a' }],
  ['root.prod.etl', 'prod.etl', { namespace: 'etl-a' }],
  ['prod.ml', 'prod.ml', { namespace: 'etl-ml' }],
  // A queue with a child `default` in the file stands for that.
  ['batch', 'batch', {}],
  // A rule puts it there, if not the first that matches.
  ['adhoc.alice', 'adhoc.alice', { namespace: 'data-1', user: 'alice' }],
])('a gang may name %s', (named, expected, said) => {
  expect(route({ ...said, named })).toEqual({ path: expected });
});

test.each<[string, string, Said]>([
  ['prod.etl', 'is not open to namespace bob', {}],
  ['prod.ml', 'is not open to namespace etl-a', { namespace: 'etl-a' }],
  ['nowhere', 'is none that it may choose', {}],
  ['batch.day', 'is none that it may choose', {}],
  ['batch.night.more', 'is none that it may choose', {}],
  ['adhoc', 'has queues below it, of which it has to name one', {}],
  // Made for others.
  ['adhoc.alice', 'is none that it may choose', {}],
])('a gang may not name %s, which %s: the rules count', (named, why, said) => {
  const tree = new QueueTree(FILE);
  tree.leaf('adhoc.alice');
  const expected = said.namespace === undefined ? 'default' : 'prod.etl';
  expect(routeOf(tree, applicant(said), named)).toEqual({
    path: expected,
    ignored: `Queue ${named}, which the gang names, ${why}`,
  });
});

test('a name of 5,000 characters is cut, and shown shorter', () => {
  const { path: found, ignored } = route({ named: 'x'.repeat(5000) });
  expect(found).toBe('default');
  expect(ignored!.length).toBeLessThan(200);
});

test('a rule with force counts whatever the gang names', () => {
  const file = { ...FILE, rules: [rule('adhoc.{namespace}', { force: true }), ...FILE.rules] };
  expect(route({ named: 'batch.night' }, file)).toEqual({
    path: 'adhoc.bob',
    ignored: 'Queue batch.night, which the gang names, is not asked for: a rule decides',
  });
  expect(route({ named: 'adhoc.bob' }, file)).toEqual({ path: 'adhoc.bob' });
  // Only the first rule that matches counts.
  const later = { ...FILE, rules: [...FILE.rules, rule('adhoc.{namespace}', { force: true })] };
  expect(path({ namespace: 'etl-a', named: 'batch.night' }, later)).toBe('batch.night');
});

test('a rule to a queue that is closed to the namespace is passed over', () => {
  const file = { ...FILE, rules: [rule('prod.etl'), rule('batch.night')] };
  expect(path({}, file)).toBe('batch.night');
});

test('where queue default is closed to the namespace, its gangs go to queue other', () => {
  expect(path({}, tenancy([queue('default', { namespaces: ['a'] })]))).toBe('other');
  expect(path({ namespace: 'a' }, tenancy([queue('default', { namespaces: ['a'] })]))).toBe('default');
});

test.each([
  ['team.x_y', 'adhoc.team-x-y'],
  ['tRex', 'adhoc.trex'],
  ['t../../..', 'adhoc.t'],
  ['t{namespace}', 'adhoc.t-namespace'],
  [`t${'x'.repeat(300)}`, `adhoc.t${'x'.repeat(62)}`],
  ['t\u0000\n ', 'adhoc.t'],
])('the value %j becomes a name', (value, expected) => {
  expect(path({ labels: { 'example.com/team': value } })).toBe(expected);
});

test('a value of which nothing is left makes no queue', () => {
  const file = { ...FILE, rules: [rule('adhoc.{label:team}')] };
  for (const team of ['', '...', '---', 'ÄÖÜ']) expect(path({ labels: { team } }, file)).toBe('default');
  expect(path({}, { ...FILE, rules: [rule('adhoc.{unknown}')] })).toBe('default');
});

test('a pod of no gang has the queue of a rule, or none', () => {
  const tree = new QueueTree(FILE);
  expect(routeOfSingle(tree, applicant({ namespace: 'etl-a' }))).toBe('prod.etl');
  expect(routeOfSingle(tree, applicant({}))).toBeUndefined();
});

test('without queues every name is one, and rules count for those that name none', () => {
  expect(route({ named: 'a.b' }, OPEN_TENANCY)).toEqual({ path: 'a.b' });
  expect(path({ named: 'root' }, OPEN_TENANCY)).toBe('root');
  expect(path({ named: '' }, OPEN_TENANCY)).toBe('default');
  expect(path({}, { ...OPEN_TENANCY, rules: [rule('{namespace}')] })).toBe('bob');
});
