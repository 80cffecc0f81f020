import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { consoleModuleOfTests } from './src/console/bundle.mjs';

const FILES = readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !/^e2e\W/.test(file))
  .map((file) => join('test', file));
const textOf = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');

/** These start servers, browsers and processes, or replace what others import: each has modules of its own. */
const OWN_MODULES = FILES.filter(
  (file) => /^test.(live|console|unit.cli)\b/.test(file) || /\bvi\.(mock|doMock|spyOn|stub|useFake)/.test(textOf(file)),
);

// No time limit is an assertion: the machine may be slow, the tests must not be flaky.
export default defineConfig({
  plugins: [consoleModuleOfTests],
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'threads',
    // vitest leaves one core out, which with two cores is half of them.
    maxWorkers: '100%',
    projects: [
      { extends: true, test: { name: 'own', include: OWN_MODULES } },
      // Reading the modules again for each of these files would take as long as the tests.
      { extends: true, test: { name: 'shared', include: FILES, exclude: OWN_MODULES, isolate: false } },
    ],
  },
});
