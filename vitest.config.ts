import { defineConfig } from 'vitest/config';
import { consoleModuleOfTests } from './src/console/bundle.mjs';

// No time limit is an assertion: the machine may be slow, the tests must not be flaky.
export default defineConfig({
  plugins: [consoleModuleOfTests],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'threads',
    // vitest leaves one core out, which with two cores is half of them.
    maxWorkers: '100%',
  },
});
