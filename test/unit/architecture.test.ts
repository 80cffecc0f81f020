import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';
import rules from '../../import-rules.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

const { parts, corePackages, coreRooms } = rules;
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = parts;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const part = (file: string) => file.split('/')[0]!;
/** Static imports and re-exports, and import() of a text. */
const IMPORT = /^(?:import|export)\s(?:[^;'"=()]*\sfrom\s)?'([^']+)'|\bimport\(\s*'([^']+)'/gm;
const imports = files.flatMap((file) =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)].map(([, still, dynamic]) => ({
    file,
    target: (still ?? dynamic)!,
  })),
);

/** Between files of src, types included. */
const arrows = imports
  .filter(({ target }) => target.startsWith('.'))
  .map(({ file, target }) => ({ file, to: relative(SRC, resolve(SRC, dirname(file), target)) }));

test('imports go one way: core <- intake <- (extender | kube | webhook | replay) <- server <- cli', () => {
  const wrong = arrows
    .filter(({ file, to }) => part(file) !== part(to) && !MAY_IMPORT[part(file)]?.includes(part(to)))
    .map(({ file, to }) => `${file} -> ${to}`);
  expect(wrong).toEqual([]);
  expect(arrows.length).toBeGreaterThan(100);
});

/** The place of a file of src/core in the order of the rooms; -1: in none. */
const roomOf = (file: string) => {
  const inCore = file.replace(/^core\//, '');
  return coreRooms.findIndex((room) =>
    room.some((place) => (place.endsWith('/') ? inCore.startsWith(place) : inCore === place)),
  );
};

test('every file of core is in one room', () => {
  expect(files.filter((file) => part(file) === 'core' && roomOf(file) < 0)).toEqual([]);
});

test('a room of core imports only the rooms before it', () => {
  const inCore = arrows.filter(({ file, to }) => part(file) === 'core' && part(to) === 'core');
  expect(inCore.filter(({ file, to }) => roomOf(to) > roomOf(file))).toEqual([]);
  expect(inCore.length).toBeGreaterThan(200);
});

test('no files import each other in a circle', () => {
  expect(circlesIn(arrows.map(({ file, to }) => [file, to] as const))).toEqual([]);
});

/** The file or folder that the path is in, of those directly in `folder`; undefined: it is elsewhere. */
function childOf(folder: string, file: string): string | undefined {
  const inside = folder === '' ? file : file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : undefined;
  return inside?.split('/')[0];
}

test.each(['', ...new Set(files.flatMap(foldersAround))])(
  'the files and folders in src/%s do not import each other in a circle',
  (folder) => {
    const between = arrows.flatMap(({ file, to }) => {
      const [a, b] = [childOf(folder, file), childOf(folder, to)];
      return a !== undefined && b !== undefined && a !== b ? [[a, b] as const] : [];
    });
    expect(circlesIn(between)).toEqual([]);
  },
);

/** `a/b/c.ts`: a and a/b */
function foldersAround(file: string): string[] {
  const names = file.split('/').slice(0, -1);
  return names.map((_, i) => names.slice(0, i + 1).join('/'));
}

/** Places from which a walk along the arrows comes back, each circle by the places on it. */
function circlesIn(pairs: readonly (readonly [from: string, to: string])[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of pairs) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reached = new Map([...next.keys()].map((from) => [from, reachedFrom(from, next)] as const));
  const circles = [...next.keys()].map((from) =>
    [...(reached.get(from) ?? [])].filter((to) => reached.get(to)?.has(from)).sort(),
  );
  return circles.filter((circle) => circle.length > 0);
}

function reachedFrom(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>();
  const open = [...(next.get(start) ?? [])];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(next.get(at) ?? []));
  }
  return seen;
}

test('circles are found', () => {
  const pairs = [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'b'],
    ['c', 'd'],
  ] as const;
  expect(circlesIn(pairs)).toEqual([
    ['b', 'c'],
    ['b', 'c'],
  ]);
});

test('core uses no package but lru-cache', () => {
  const packages = imports.filter(({ file, target }) => part(file) === 'core' && !target.startsWith('.'));
  expect([...new Set(packages.map(({ target }) => target))]).toEqual(corePackages);
});

/** Files of src/core in which the pattern stands. */
const filesWith = (pattern: RegExp) =>
  files.filter((file) => part(file) === 'core' && pattern.test(readFileSync(join(SRC, file), 'utf8'))).sort();

test.each([
  ['the queues and what is planned', /queues\.(put|remove)\(|evictions\.(begin|end)\(/, 'core/gang/transitions.ts'],
  ['the state of a gang', /write\(gang\)|kind: 'freeing', plan/, 'core/gang/transitions.ts'],
  ['slots', /as Writable<Slot>|slots as Slot\[\]/, 'core/gang/ledger.ts'],
])('%s have one writer', (_, pattern, owner) => {
  expect(filesWith(pattern)).toEqual([owner]);
});

test('what queues hold is told by the cluster and the ledger alone', () => {
  expect(filesWith(/#room\.(hold|release|bind|unbind|leave)\(/)).toEqual([
    'core/cluster/cluster.ts',
    'core/gang/ledger.ts',
  ]);
  expect(filesWith(/usage\.(hold|release|bind|unbind|leave)\(/)).toEqual([]);
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
  ['src/core/cluster/a.ts', `import type { Gang } from '../gang/gang.ts';`, 'no-restricted-imports'],
  ['src/core/gang/a.ts', `import '../preemption/candidates/budgets.ts';`, 'no-restricted-imports'],
  ['src/core/gang/a.ts', `import '../state.ts';`, 'no-restricted-imports'],
  ['src/core/preemption/search/a.ts', `import '../plan/begin.ts';`, 'no-restricted-imports'],
  ['src/core/queue/orderings/a.ts', `import '../../gang/gang.ts';`, 'no-restricted-imports'],
  ['src/core/model.ts', `import './cluster/cluster.ts';`, 'no-restricted-imports'],
  ['src/core/reads.ts', `import './scheduler.ts';`, 'no-restricted-imports'],
  ['src/core/gang/a.ts', `import 'node:fs';`, 'no-restricted-imports'],
  ['src/core/a.ts', `import 'node:fs';`, 'no-restricted-imports'],
  ['src/core/a.ts', `import 'zod';`, 'no-restricted-imports'],
  ['src/core/a.ts', `export const now = Date.now();`, 'no-restricted-properties'],
  ['src/core/a.ts', `export const luck = Math.random();`, 'no-restricted-properties'],
  ['src/core/a.ts', `export const now = new Date();`, 'no-restricted-syntax'],
  ['src/kube/a.ts', `export const now = Date.now();`, 'no-restricted-properties'],
  ['src/server/a.ts', `export const now = new Date();`, 'no-restricted-syntax'],
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
  ['src/core/gang/a.ts', `import '../queue/queues.ts';`],
  ['src/core/preemption/plan/a.ts', `import '../search/find-victims.ts';`],
  ['src/core/scheduler.ts', `import './state.ts';`],
  ['src/core/cluster/a.ts', `import 'lru-cache';`],
  ['src/core/a.ts', `export const then = new Date(0);`],
  ['src/clock.ts', `export const now = Date.now();`],
  ['src/cli/a.ts', `import '../replay/replay.ts';`],
  ['src/server/a.ts', `import '../version.ts';`],
  ['test/unit/a.ts', `export function f() {\n${'f();\n'.repeat(45)}}`],
])('lint allows, in %s: %s', async (path, code) => {
  expect(await lint(path, code)).toEqual([]);
});
