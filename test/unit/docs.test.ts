import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import rules from '../../import-rules.json' with { type: 'json' };
import { Config, envName } from '../../src/config.ts';
import { PRESETS } from '../../src/core/policy/presets.ts';
import { DEFAULT_POLICY, SCORERS, STRATEGIES } from '../../src/core/policy/policy.ts';
import { parsePolicies } from '../support/parse-policies.ts';
import { CSV_HEADER } from '../../src/replay/report/job-file.ts';
import { ROWS } from '../../src/replay/report/rows.ts';
import { PHASES } from '../../src/replay/report/why-text.ts';
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
    const fallback = (Config.parse({}) as Record<string, string | number | boolean | readonly string[] | undefined>)[
      field
    ];
    const shown = fallback?.toString() ?? '';
    return `| \`${field}\` | \`${envName(field)}\` | ${shown === '' ? '' : `\`${shown}\` `}| ${schema.description} |`;
  });
  for (const row of rows) expect(text('docs/config.md').replace(/ +/g, ' ')).toContain(row.replace(/ +/g, ' '));
});

test('docs/policies.md has every strategy and scorer; docs/traces.md every format', () => {
  expect(cells('docs/policies.md')).toEqual(expect.arrayContaining([...STRATEGIES, ...SCORERS]));
  expect(cells('docs/traces.md')).toEqual(expect.arrayContaining(FORMATS));
});

test('docs/policies.md has every field of queue with its default', () => {
  const rows = [...text('docs/policies.md').matchAll(/^\| `queue\.(\w+)` +\| `([^`]+)`/gm)];
  const { queue } = DEFAULT_POLICY;
  const fields = Object.keys(queue).map((field) => field.replace(/Ms$/, ''));
  expect(rows.map(([, field]) => field).sort()).toEqual(fields.sort());
  const file = `policies: [{ name: a, queue: { ${rows.map(([, field, value]) => `${field}: ${value}`).join(', ')} } }]`;
  expect(parsePolicies(file, 'docs/policies.md')[0]!.queue).toEqual(queue);
});

test('the README begins with the two commands', () => {
  expect(text('README.md')).toMatch(/^```\nnpm ci && npm start .*\nnpm ci && npm test .*\n```/);
});

test('CHANGELOG.md begins with what is unreleased, then the version of package.json with its day', () => {
  const { version } = JSON.parse(text('package.json')) as { version: string };
  const [unreleased, latest] = [...text('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(unreleased).toBe('Unreleased');
  expect(latest).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')} - \\d{4}-\\d\\d-\\d\\d$`));
});

const DOCS = readdirSync(new URL('../../docs', import.meta.url)).filter((file) => file.endsWith('.md'));

test.each([...DOCS.map((file) => `docs/${file}`), 'README.md', 'CONTRIBUTING.md', 'src/core/preemption/README.md'])(
  '%s names only files of src and test that are there',
  (doc) => {
    const named = [...text(doc).matchAll(/`((?:src|test|bench|scheduler-config|deploy)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    // bench/results is written by npm run bench.
    const kept = named.filter((path) => !path.startsWith('bench/results'));
    expect(kept.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  },
);

test('pictures in documents are there, and those of the report are small', () => {
  const folder = new URL('../../docs/images/', import.meta.url);
  const named = DOCS.flatMap((doc) => [...text(`docs/${doc}`).matchAll(/\]\(images\/([^)]+)\)/g)]).map(
    ([, file]) => file!,
  );
  expect(named.filter((file) => !existsSync(new URL(file, folder)))).toEqual([]);
  const screenshots = readdirSync(folder).filter((file) => /^replay-.*\.png$/.test(file));
  expect(screenshots.length).toBeGreaterThan(0);
  expect(screenshots.reduce((sum, file) => sum + statSync(new URL(file, folder)).size, 0)).toBeLessThan(600_000);
});

test('docs/architecture.md draws the rooms of the core in the order of import-rules.json', () => {
  const drawing = /```\n model\.ts[^]*?```/.exec(text('docs/architecture.md'))?.[0] ?? '';
  const drawn = [...drawing.matchAll(/^ ([\w/]+\/)/gm)].map(([, room]) => room);
  expect(drawn).toEqual(rules.coreRooms.flat().filter((place) => place.endsWith('/')));
});

const between = (document: string, from: string, to: string) => document.split(from)[1]?.split(to)[0] ?? '';

test('docs/replay.md explains every preset, every row of the table, every phase and every column of --jobs', () => {
  const replay = text('docs/replay.md');
  const reading = between(replay, '\n## Reading the table', '\n## ').replace(/\s+/g, ' ');
  const words = (label: string) =>
    label.split(/[:,]? (?:p50|p95|p99|mean|core-hours)\b|[:,] /).filter((part) => part !== '');
  for (const { label } of ROWS)
    for (const part of words(label)) expect(reading.toLowerCase(), label).toContain(part.toLowerCase());
  for (const name of PRESETS.keys()) expect(replay).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
  for (const phase of Object.keys(PHASES)) expect(replay).toMatch(new RegExp(`^\\| \`${phase}\` `, 'm'));
  const files = between(replay, '\n## Files', '\n## ');
  const columns = [...files.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)]);
  expect(columns.map(([, name]) => name).sort()).toEqual(CSV_HEADER.split(',').sort());
});
