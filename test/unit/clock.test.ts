import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Clock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { buildFor, prepare, start } from '../../src/server/start.ts';
import { until } from '../support/live.ts';

/** A clock whose times the test sets. */
function manual() {
  const at = { wallMs: 5000, steadyMs: 100 };
  const clock = new Clock(
    () => at.wallMs,
    () => at.steadyMs,
  );
  return { at, clock };
}

test('nowMs starts at wall time and then follows the monotonic clock alone', () => {
  const { at, clock } = manual();
  expect(clock.nowMs()).toBe(5000);
  at.steadyMs += 10;
  at.wallMs -= 3_600_000;
  expect(clock.nowMs()).toBe(5010);
});

test('a set wall clock is told once; times are converted by it from then on', () => {
  const { at, clock } = manual();
  at.wallMs += 60_000;
  expect(clock.check()).toBe(60_000);
  expect(clock.check()).toBe(0);
  expect(clock.toWall(clock.nowMs())).toBe(at.wallMs);
  expect(clock.fromWall(at.wallMs)).toBe(clock.nowMs());
  at.wallMs -= 60_000;
  expect(clock.check()).toBe(-60_000);
  expect(clock.toWall(7)).toBe(7);
});

test('less than two seconds is no jump, but small steps add up', () => {
  const { at, clock } = manual();
  const jumps = [1, 2, 3].map(() => {
    at.wallMs += 900;
    return clock.check();
  });
  expect(jumps).toEqual([0, 0, 2700]);
});

test('the server counts and logs each jump once, and tells the live cluster', async () => {
  const { at, clock } = manual();
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  const prepared = { ...(await prepare(loadConfig({ port: 0, logLevel: 'silent' }, {}))), clock, logger };
  const server = buildFor(prepared);
  let told = 0;
  const serving = await start(prepared, server, { onClockSet: () => told++ });
  const count = async () => {
    const text = await server.metrics.registry.metrics();
    return [...text.matchAll(/^muster_clock_jumps_total\{direction="(\w+)"\} (\d+)$/gm)].map(
      ([, to, n]) => `${to} ${n}`,
    );
  };
  at.wallMs -= 3_600_000;
  await until(() => told === 1);
  expect(await count()).toEqual(['back 1']);
  at.wallMs += 86_400_000;
  await until(() => told === 2);
  expect(await count()).toEqual(['back 1', 'forward 1']);
  expect(
    lines.filter((line) => line.includes('the wall clock was set')).map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ seconds: -3600 }, { seconds: 86_400 }]);
  await serving.close();
});
