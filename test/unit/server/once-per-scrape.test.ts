import { Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { oncePerScrape } from '../../../src/server/once-per-scrape.ts';

test('metrics of one scrape share one read, and the next scrape reads again', async () => {
  const registry = new Registry();
  let reads = 0;
  const read = oncePerScrape(() => ++reads);
  for (const name of ['a', 'b', 'c'])
    new Gauge({
      name,
      help: name,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  expect(await registry.metrics()).toContain('c 1');
  await new Promise(setImmediate);
  expect(await registry.metrics()).toContain('c 2');
  expect(reads).toBe(2);
});
