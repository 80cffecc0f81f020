import { expect, test } from 'vitest';
import { inspectRules } from '../../../src/intake/policy-file.ts';

/** The mistakes of a file, without the hint at the end. */
function mistakesIn(text: string): string {
  try {
    inspectRules(text, 'f');
    return 'ok';
  } catch (error) {
    return (error as { readonly what: string }).what.replace(/\.$/, '');
  }
}

const deep = (levels: number): string => `{ name: a${levels > 1 ? `, queues: [${deep(levels - 1)}]` : ''} }`;
const many = (count: number) => `queues: [${Array.from({ length: count }, (_, i) => `{ name: q${i} }`).join(', ')}]`;

test.each([
  [
    'guaranteed above max',
    'queues:\n- name: a\n  max: { cpu: 3 }\n  guaranteed: { cpu: 4 }',
    'f:4: queues[0].guaranteed.cpu: must be at most max.cpu, which is 3, got 4',
  ],
  [
    'the same in parts',
    "queues: [{ name: a, max: '30%', guaranteed: '31%' }]",
    'f:1: queues[0].guaranteed.*: must be at most max.*, which is 30%, got "31%"',
  ],
  [
    'two of one name',
    'queues:\n- name: a\n- name: a',
    'f:3: queues[1].name: must be unique among the queues beside it, got "a"',
  ],
  [
    'a queue named root',
    'queues: [{ name: root }]',
    'f:1: queues[0].name: root is the whole cluster: put its queues here, got "root"',
  ],
  ['weight 0', 'queues: [{ name: a, weight: 0 }]', 'f:1: queues[0].weight: must be at least 0.001, got 0'],
  [
    'a huge weight',
    'queues: [{ name: a, weight: 1e9 }]',
    'f:1: queues[0].weight: must be at most 1000, got 1000000000',
  ],
  ['a negative weight', 'queues: [{ name: a, weight: -1 }]', 'f:1: queues[0].weight: must be at least 0.001, got -1'],
  [
    'max below one pod',
    'queues: [{ name: a, podSize: { cpu: 16 }, max: { cpu: 8 } }]',
    'f:1: queues[0].max.cpu: must be at least podSize.cpu, which is 16: a pod of that size never starts, got 8',
  ],
  [
    'no half-life',
    'queues: [{ name: a }]\nfairness: { memory: 1, halfLife: 0 }',
    'f:2: fairness.halfLife: must be a finite duration above 0 while fairness.memory is 1, got 0',
  ],
  [
    'a half-life without end',
    'fairness: { memory: 0.5, halfLife: never }',
    'f:1: fairness.halfLife: must be a finite duration above 0 while fairness.memory is 0.5, got "never"',
  ],
  [
    'a rule to an unknown queue',
    'queues: [{ name: a }]\nqueueRules:\n- { queue: b.c }',
    'f:3: queueRules[0].queue: there is no such queue, got "b.c"',
  ],
  [
    'a rule to a queue with queues below',
    'queues: [{ name: a, queues: [{ name: b }] }]\nqueueRules: [{ queue: root.a }]',
    'f:2: queueRules[0].queue: has queues below it: name one of them, such as root.a.b, got "root.a"',
  ],
  [
    'a rule to a queue with each',
    'queues: [{ name: a, each: {} }]\nqueueRules: [{ queue: a }]',
    'f:2: queueRules[0].queue: has queues below it: name one of them, such as a.{namespace}, got "a"',
  ],
  [
    'a rule with an odd name',
    'queues: [{ name: a }]\nqueueRules: [{ queue: "a.{team}" }]',
    'f:2: queueRules[0].queue: {team} is no name of a queue; expected a path with {namespace}, {user} or {label:KEY}, got "a.{team}"',
  ],
  [
    'an unknown group',
    'queues: [{ name: a }]\nqueueRules: [{ groups: [dat], queue: a }]\nnamespaceGroups: [{ name: data }]',
    'f:2: queueRules[0].groups[0]: there is no such group in namespaceGroups (did you mean data?), got "dat"',
  ],
  [
    'two groups of one name',
    'namespaceGroups: [{ name: d }, { name: d }]',
    'f:1: namespaceGroups[1].name: must be unique among the groups, got "d"',
  ],
  [
    'victims in an unknown queue',
    'queues: [{ name: a, reclaim: { from: [a, b] } }]',
    'f:1: queues[0].reclaim.from[1]: there is no such queue, got "b"',
  ],
  [
    'a pool without a size',
    'addresses: [{ key: zone }]',
    'f:1: addresses[0]: needs size, or sizes by value, got "zone"',
  ],
  [
    'a wrong time zone',
    "queues: [{ name: a, yield: '08:00-18:00 Mars' }]",
    'f:1: queues[0].yield: Mars is no time zone; expected hours and a time zone such as \'08:00-18:00 Europe/Berlin\', got "08:00-18:00 Mars"',
  ],
  [
    'hours that begin when they end',
    "queues: [{ name: a, yield: '08:00-08:00' }]",
    'f:1: queues[0].yield: it begins when it ends; expected hours and a time zone such as \'08:00-18:00 Europe/Berlin\', got "08:00-08:00"',
  ],
  [
    'seven levels',
    `queues: [${deep(7)}]`,
    `f:1: queues[0]${'.queues[0]'.repeat(6)}: must have at most 6 levels, got "a"`,
  ],
  ['too many queues', many(2000), 'f:1: queues: must have fewer than 2000 queues in all, got 2000'],
  [
    'two hundred levels',
    `queues: [${deep(200)}]`,
    `f:1: queues[0]${'.queues[0]'.repeat(6)}: must have at most 6 levels, got "a"`,
  ],
])('%s', (_, text, says) => {
  expect(mistakesIn(text)).toBe(says);
});

const UNKNOWN =
  'unknown resource; expected one of cpu, memory, pods, ephemeral-storage, or one with a domain such as nvidia.com/gpu';
test.each([
  ['CPU', 'cpu'],
  ['mem', 'memory'],
  ['gpu', 'nvidia.com/gpu'],
  ['vcore', 'cpu'],
  ['memroy', 'memory'],
])('resource %s is %s', (name, meant) => {
  expect(mistakesIn(`queues: [{ name: a, max: { ${name}: 1 } }]`)).toBe(
    `f:1: queues[0].max.${name}: ${UNKNOWN} (did you mean ${meant}?), got 1`,
  );
});

test('all mistakes are told at once, by line', () => {
  const text =
    'queues:\n- { name: a, max: { cpu: 1 }, guaranteed: { cpu: 2 } }\n- { name: a }\nqueueRules:\n- { queue: c }';
  expect(
    mistakesIn(text)
      .split('\n')
      .map((line) => line.slice(0, 4)),
  ).toEqual(['f:2:', 'f:3:', 'f:5:']);
});

test.each([
  [
    'guarantees below above that of the parent',
    'queues: [{ name: a, guaranteed: { cpu: 4 }, queues: [{ name: b, guaranteed: { cpu: 3 } }, { name: c, guaranteed: { cpu: 3 } }] }]',
    ['f:1: queues[0].guaranteed.cpu: the queues below it are guaranteed 6, 150% of it: their sum counts, got 4'],
  ],
  [
    'guarantees below above the max of the parent',
    'queues: [{ name: a, max: { cpu: 4 }, queues: [{ name: b, guaranteed: { cpu: 3 } }, { name: c, guaranteed: { cpu: 3 } }] }]',
    [
      'f:1: queues[0].max.cpu: the queues below it are guaranteed 6, 150% of it: they cannot all have it at once, got 4',
    ],
  ],
  [
    'more than the cluster',
    "queues: [{ name: a, guaranteed: '70%' }, { name: b, guaranteed: '50%' }]",
    [
      'f:1: queues: queues are guaranteed 120% of the cluster in all: when all need it, each gets 83% of its guarantee, got "120%"',
    ],
  ],
  [
    'a user limit above max',
    'queues: [{ name: a, max: { cpu: 4 }, users: { max: { cpu: 5 }, of: { al: { max: { cpu: 6 } } } } }]',
    [
      'f:1: queues[0].users.max.cpu: has no effect above max.cpu of the queue, which is 4, got 5',
      'f:1: queues[0].users.of.al.max.cpu: has no effect above max.cpu of the queue, which is 4, got 6',
    ],
  ],
  [
    'lent more than there is',
    'queues: [{ name: a, guaranteed: { cpu: 4 }, lend: { cpu: 5 } }]',
    ['f:1: queues[0].lend.cpu: should be at most guaranteed.cpu, which is 4, got 5'],
  ],
  [
    'bytes',
    'queues: [{ name: a, max: { memory: 64 } }]',
    ['f:1: queues[0].max.memory: is in bytes and less than 1Mi (did you mean 64Gi?), got 64'],
  ],
  [
    'guaranteed pods',
    'queues: [{ name: a, guaranteed: { pods: 4 } }]',
    ['f:1: queues[0].guaranteed.pods: has an effect only if fairness.resources names pods, got 4'],
  ],
  [
    'a rule behind one for all',
    'queues: [{ name: a }]\nqueueRules:\n- { queue: a }\n- { namespaces: [x], queue: a }',
    ['f:4: queueRules[1]: is never reached: queueRules[0] comes first and holds wherever this one does, got "a"'],
  ],
  [
    'a rule behind a wider one',
    "queues: [{ name: a }]\nqueueRules: [{ namespaces: ['e*l-*'], queue: a }, { namespaces: ['etl-a*', etl-b], labels: { x: y }, queue: a }]",
    ['f:2: queueRules[1]: is never reached: queueRules[0] comes first and holds wherever this one does, got "a"'],
  ],
  [
    'a narrower rule before',
    "queues: [{ name: a }]\nqueueRules: [{ namespaces: ['etl-*'], queue: a }, { namespaces: ['etl*'], queue: a }]",
    [],
  ],
  [
    'a rule behind one for all whose queue is not open to all',
    'queues: [{ name: a, queues: [{ name: b, namespaces: [x] }] }]\nqueueRules: [{ queue: a.b }, { queue: default }]',
    [],
  ],
  [
    'a rule for a label behind one for its value',
    "queues: [{ name: a }]\nqueueRules: [{ labels: { t: x }, queue: a }, { labels: { t: 'x*' }, queue: a }]",
    [],
  ],
  [
    'default and templates',
    "queues: [{ name: a, each: { each: {} } }]\nqueueRules: [{ namespaces: [b], queue: 'root.a.{namespace}.team-{label:x.y/z}' }, { queue: default }]",
    [],
  ],
])('a warning: %s', (_, text, warnings) => {
  expect(inspectRules(text, 'f').warnings).toEqual(warnings);
});
