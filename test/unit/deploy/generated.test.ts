import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { hasKubectl, ROOT } from '../../support/kustomize.ts';

const CHART = 'deploy/helm/muster';
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test.skipIf(!hasKubectl)('the chart and the manifests of muster install are those of the kustomizations', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-generated-'));
  try {
    execFileSync(process.execPath, ['deploy/helm/generate.mjs', folder], { cwd: ROOT });
    const made = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
    expect(made.length).toBeGreaterThan(15);
    // Otherwise: node deploy/helm/generate.mjs
    for (const path of made)
      expect({ path, text: text(path) }).toEqual({ path, text: readFileSync(join(folder, path), 'utf8') });
    const templates = readdirSync(join(ROOT, CHART, 'templates')).filter((name) => name.endsWith('.yaml'));
    expect(templates.sort()).toEqual(
      made.flatMap((path) => (path.startsWith(`${CHART}/templates/`) ? [path.split('/').at(-1)] : [])).sort(),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}
const schema = JSON.parse(text(`${CHART}/values.schema.json`)) as Schema;
const values = parse(text(`${CHART}/values.yaml`)) as Record<string, unknown>;
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The names of values that may be set, such as image.tag. */
const named = ({ properties = {} }: Schema, path: readonly string[] = []): readonly string[] =>
  Object.entries(properties).flatMap(([name, field]) =>
    field.properties && name !== 'config' ? named(field, [...path, name]) : [[...path, name].join('.')],
  );

test('values.yaml has every value of the schema, and the README says what each is', () => {
  const has = (path: string) =>
    path.split('.').reduce<unknown>((at, name) => (isMap(at) && name in at ? at[name] : undefined), values) !==
    undefined;
  const names = named(schema).filter((name) => name !== 'global');
  expect(names.length).toBeGreaterThan(35);
  expect(names.filter((name) => !has(name))).toEqual([]);
  const readme = text(`${CHART}/README.md`);
  expect(names.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
  const [top] = [Object.keys(values).filter((name) => !(name in schema.properties!))];
  expect(top).toEqual([]);
});

test('the chart and the program have one version', () => {
  const { version } = JSON.parse(text('package.json')) as { version: string };
  const chart = parse(text(`${CHART}/Chart.yaml`)) as { version: string; appVersion: string };
  expect(chart).toMatchObject({ version, appVersion: version });
});
