import { defineConfig } from 'vitest/config';
import { consoleModuleOfTests } from '../../src/console/bundle.mjs';

/** Tests against a real control plane: slow, one file at a time. `npm run test:e2e`. */
export default defineConfig({
  plugins: [consoleModuleOfTests],
  test: {
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 20 * 60_000,
    reporters: ['verbose'],
  },
});
