import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Config, envName } from '../../src/config.ts';
import { SCORERS, STRATEGIES } from '../../src/core/policy/policy.ts';
import { toPodInfo } from '../../src/intake/pod.ts';
import { FORMATS } from '../../src/replay/trace/read-trace.ts';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** The first cells of a document's table rows. */
const cells = (path: string) => [...text(path).matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell);

test('docs/errors.md has every code, and no other', () => {
  const codes = [...text('src/core/errors.ts').matchAll(/^ {2}(MUSTER_\w+):/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(5);
  expect(cells('docs/errors.md')).toEqual(codes);
});

test('docs/config.md has every setting with its variable, default and meaning', () => {
  const rows = Object.entries(Config.shape).map(([field, schema]) => {
    const fallback: unknown = (Config.parse({}) as Record<string, unknown>)[field];
    return `| \`${field}\` | \`${envName(field)}\` | ${fallback === undefined ? '' : `\`${String(fallback)}\` `}| ${schema.description} |`;
  });
  for (const row of rows) expect(text('docs/config.md').replace(/ +/g, ' ')).toContain(row.replace(/ +/g, ' '));
});

test('docs/policies.md has every strategy and scorer; docs/traces.md every format', () => {
  expect(cells('docs/policies.md')).toEqual(expect.arrayContaining([...STRATEGIES, ...SCORERS]));
  expect(cells('docs/traces.md')).toEqual(expect.arrayContaining(FORMATS));
});

test('the README begins with the two commands', () => {
  expect(text('README.md')).toMatch(/^```\nnpm ci && npm start .*\nnpm ci && npm test .*\n```/);
});

test.each(['dedicated.yaml', 'main.yaml'])('scheduler-config/%s keeps what muster relies on', (file) => {
  const config = parse(text(`scheduler-config/${file}`)) as {
    profiles: { schedulerName: string; percentageOfNodesToScore?: number }[];
    extenders: object[];
  };
  expect(config.extenders).toEqual([
    expect.objectContaining({
      filterVerb: 'filter',
      prioritizeVerb: 'prioritize',
      preemptVerb: 'preempt',
      nodeCacheCapable: true,
      ignorable: false,
    }),
  ]);
  expect(config.profiles.find(({ schedulerName }) => schedulerName === 'muster')?.percentageOfNodesToScore).toBe(100);
});

test('the pod templates declare a gang that muster understands', () => {
  const read = (file: string) => {
    const pod = parse(text(`scheduler-config/pod-templates/${file}`)) as { metadata: object };
    return toPodInfo({ ...pod, metadata: { ...pod.metadata, name: 'p', uid: 'u', namespace: 'n' } }, file).membership;
  };
  expect(read('driver.yaml')).toMatchObject({ gang: 'n/etl-daily', role: 'driver', spec: { queue: 'nightly' } });
  expect(read('executor.yaml')).toEqual({ gang: 'n/etl-daily', role: 'executor' });
});
