import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gatheringOutput, newLogger } from '../../../src/server/log.ts';
import { until } from '../../support/live.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lines that come one after the other wait for each other', async () => {
  const file = join(folder, 'log');
  const output = gatheringOutput(file);
  const logger = newLogger('info', output);
  let writes = 0;
  output.on('write', () => writes++);
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  for (let i = 0; i < 50; i++) {
    logger.info({ i }, 'line');
    await nextTurn();
  }
  vi.advanceTimersByTime(100);
  vi.useRealTimers();
  await until(() => writes > 0);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(51);
  expect(writes).toBe(1);
});

test('a burst of lines takes a few writes, and every line arrives in its order', async () => {
  const file = join(folder, 'log');
  const output = gatheringOutput(file);
  const logger = newLogger('info', output);
  let writes = 0;
  output.on('write', () => writes++);
  for (let i = 0; i < 2000; i++) logger.info({ i, name: 'größer' }, 'line');
  const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);
  await until(() => lines().length === 2000);
  expect(lines().map((line) => (JSON.parse(line) as { i: number }).i)).toEqual(
    Array.from({ length: 2000 }, (_, i) => i),
  );
  expect(writes).toBeLessThan(40);
  // What comes while nothing else does is written as well.
  logger.warn('the last line');
  await until(() => lines().length === 2001);
  expect(lines().at(-1)).toContain('the last line');
});
