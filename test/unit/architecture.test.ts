import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

/** Folder of src -> what it may import; docs/architecture.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  intake: ['core'],
  extender: ['core', 'intake'],
  kube: ['core', 'intake'],
  webhook: ['core', 'intake'],
  replay: ['core', 'intake'],
  server: ['core', 'intake', 'extender', 'kube', 'webhook', 'config.ts', 'version.ts'],
  cli: ['core', 'intake', 'extender', 'kube', 'webhook', 'replay', 'server', 'config.ts', 'version.ts'],
  'config.ts': ['core'],
  // package.json, outside of src.
  'version.ts': ['..'],
  'cli.ts': ['core', 'intake', 'extender', 'kube', 'webhook', 'replay', 'server', 'cli', 'config.ts', 'version.ts'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const part = (file: string) => file.split('/')[0]!;
/** Static imports and re-exports, and import() of a text. */
const IMPORT = /^(?:import|export)\s(?:[^;'"=()]*\sfrom\s)?'([^']+)'|\bimport\(\s*'([^']+)'/gm;
const imports = files.flatMap((file) =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)].map(([, still, dynamic]) => ({
    file,
    target: (still ?? dynamic)!,
  })),
);

test('imports go one way: core <- intake <- (extender | kube | webhook | replay) <- server <- cli', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, target }) => ({ file, to: relative(SRC, resolve(SRC, dirname(file), target)) }))
    .filter(({ file, to }) => part(file) !== part(to) && !MAY_IMPORT[part(file)]?.includes(part(to)))
    .map(({ file, to }) => `${file} -> ${to}`);
  expect(wrong).toEqual([]);
  expect(imports.length).toBeGreaterThan(100);
});

test('core uses no package but lru-cache', () => {
  const packages = imports.filter(({ file, target }) => part(file) === 'core' && !target.startsWith('.'));
  expect([...new Set(packages.map(({ target }) => target))]).toEqual(['lru-cache']);
});

test('no folder of src is unknown to the rule', () => {
  expect([...new Set(files.map(part))].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
});

/** The rule that lint names for a line in a file of that path, were it written there. */
async function lint(filePath: string, code: string): Promise<string[]> {
  // The walls are plain rules: without type information a file need not exist.
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: [{ languageOptions: { parserOptions: { projectService: false } } }],
    ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted') || ruleId.startsWith('max-'),
  });
  const [result] = await eslint.lintText(code, { filePath: join(ROOT, filePath) });
  return result!.messages.map(({ ruleId, message }) => ruleId ?? message);
}

test.each([
  ['src/core/a.ts', `import '../intake/pod.ts';`, 'no-restricted-imports'],
  ['src/core/gang/a.ts', `import '../../intake/pod.ts';`, 'no-restricted-imports'],
  ['src/core/a.ts', `import 'node:fs';`, 'no-restricted-imports'],
  ['src/core/a.ts', `import 'zod';`, 'no-restricted-imports'],
  ['src/core/a.ts', `export const now = Date.now();`, 'no-restricted-properties'],
  ['src/core/a.ts', `export const luck = Math.random();`, 'no-restricted-properties'],
  ['src/core/a.ts', `export const now = new Date();`, 'no-restricted-syntax'],
  ['src/extender/a.ts', `import '../replay/replay.ts';`, 'no-restricted-imports'],
  ['src/replay/a.ts', `import '../extender/wire.ts';`, 'no-restricted-imports'],
  ['src/server/a.ts', `import '../replay/replay.ts';`, 'no-restricted-imports'],
  ['src/intake/a.ts', `import '../config.ts';`, 'no-restricted-imports'],
  ['src/replay/a.ts', `import '../version.ts';`, 'no-restricted-imports'],
  ['src/server/a.ts', `export const f = (a: 1, b: 1, c: 1, d: 1, e: 1) => [a, b, c, d, e];`, 'max-params'],
  ['src/server/a.ts', `export function f() {\n${'f();\n'.repeat(45)}}`, 'max-lines-per-function'],
  ['src/server/a.ts', 'export {};\n'.repeat(301), 'max-lines'],
])('lint refuses, in %s: %s', async (path, code, rule) => {
  expect(await lint(path, code)).toContain(rule);
});

test.each([
  ['src/core/gang/a.ts', `import '../model.ts';`],
  ['src/core/cluster/a.ts', `import 'lru-cache';`],
  ['src/core/a.ts', `export const then = new Date(0);`],
  ['src/cli/a.ts', `import '../replay/replay.ts';`],
  ['src/server/a.ts', `import '../version.ts';`],
  ['test/unit/a.ts', `export function f() {\n${'f();\n'.repeat(45)}}`],
])('lint allows, in %s: %s', async (path, code) => {
  expect(await lint(path, code)).toEqual([]);
});
