import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { queueTable } from '../../src/cli/queue-text.ts';
import { limitText } from '../../src/core/explanation/queue-limits.ts';
import { hasQueues } from '../../src/core/policy/tenancy.ts';
import { parseRules } from '../../src/intake/policy-file.ts';

const doc = readFileSync(new URL('../../docs/tenants.md', import.meta.url), 'utf8');
const files = [...doc.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text!);

test.each(files.map((text, i) => [i + 1, text] as const))(
  'file %i of docs/tenants.md is one that muster takes',
  (i, text) => {
    const { tenancy } = parseRules(text, `docs/tenants.md, file ${i}`);
    expect(hasQueues(tenancy)).toBe(true);
    expect(tenancy.rules.length).toBeGreaterThan(0);
  },
);

test('every task has its file, or its command', () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
  expect([...doc.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
    'Give each team a share',
    'Let an idle share be used',
    'Get it back',
    'Limit one user',
    'See who has what',
  ]);
});

const none = {
  bound: {},
  leaving: {},
  demand: {},
  withheld: {},
  isLeaf: true,
  isMade: false,
  weight: 1,
  pods: 0,
  unfairSeconds: 0,
};
const queue = (
  path: string,
  [held, entitled, guaranteed, waiting]: readonly number[],
  more: { max?: number; over?: string[]; under?: string[] } = {},
) => ({
  ...none,
  path,
  held: { cpu: held! },
  entitled: { cpu: entitled! },
  guaranteed: { cpu: guaranteed! },
  max: more.max === undefined ? {} : ({ cpu: more.max } as Record<string, number>),
  gangs: { waiting: waiting!, starting: 0, running: 0, degraded: 0 },
  over: more.over ?? [],
  under: more.under ?? [],
});

test('the table in docs/tenants.md is what muster queues prints', () => {
  const lines = queueTable(
    [
      queue('root', [600, 600, 400, 3]),
      queue('adhoc', [350, 250, 0, 0], { max: 500, over: ['cpu'] }),
      queue('prod', [250, 350, 400, 3], { under: ['cpu'] }),
    ],
    { resource: 'cpu', asTree: false },
  );
  expect(doc).toContain(`$ muster queues\n${lines.join('\n')}\n`);
});

test('the sentence about a limit in docs/tenants.md is what muster explain says', () => {
  const limit = {
    limit: 'max',
    at: 'adhoc',
    resource: 'cpu',
    used: 480_000,
    needed: 41_000,
    most: 500_000,
    isHit: true,
  } as const;
  expect(doc).toContain(limitText(limit, 'alice'));
});
