import { pino } from 'pino';
import { expect, test } from 'vitest';
import { companyNodes, companyRules, companyWork, learnFrom } from '../../src/cli/living/company.ts';
import { live } from '../../src/cli/living/living.ts';
import { Pace } from '../../src/cli/living/pace.ts';
import type { Effect } from '../../src/core/effects.ts';
import { RunHistory } from '../../src/core/history/run-history.ts';
import { ReplayScheduler } from '../../src/replay/sim/replay-scheduler.ts';
import { withoutVariables } from '../../src/intake/app-of.ts';
import { buildServer } from '../../src/server/app.ts';

const JOBS = 60;

test('the workload of the demo runs through the endpoints; the server hears of all that is decided', async () => {
  const scheduler = new ReplayScheduler(companyRules(), new RunHistory());
  const { signal } = new AbortController();
  const pace = new Pace({ speed: 1, warmMs: Infinity, signal });
  const logger = pino({ level: 'silent' });
  const options = { scheduler, nowMs: pace.nowMs, logger, reasons: 'one', maxBodyBytes: 2 ** 20 } as const;
  const { app, onEffects } = buildServer(options);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const told: Effect[] = [];
  const { trace: all } = companyWork(1);
  const trace = { ...all, jobs: all.jobs.slice(0, JOBS) };
  const hear = (effects: readonly Effect[]) => {
    told.push(...effects);
    onEffects(effects);
  };
  await live({ trace, nodes: companyNodes(72), scheduler, url, pace, signal, onEffects: hear });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  await app.close();
  const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  expect(count('muster_effects_total{kind="gang-admitted"}')).toBeGreaterThanOrEqual(JOBS);
  expect(told.filter(({ kind }) => kind === 'gang-released').length).toBeGreaterThanOrEqual(JOBS);
  expect(scheduler.gangs()).toEqual([]);
  scheduler.checkInvariants();
});

test('the jobs of the demo have names of their own, and each is in a queue of the company', () => {
  const { jobs } = companyWork(1).trace;
  expect(new Set(jobs.map(({ namespace, id }) => `${namespace}/${id}`)).size).toBe(jobs.length);
  expect(new Set(jobs.map(({ namespace }) => namespace)).size).toBe(10);
  expect(jobs[0]!.submitMs).toBe(0);
});

test('muster knows how long the jobs of the demo take, from those of the night before', () => {
  const { trace, past } = companyWork(1);
  const history = new RunHistory();
  learnFrom(past, history);
  const known = trace.jobs.slice(0, 500).filter((job) => {
    const { namespace, app, user, queue, workers } = job;
    const who = { user, ...(app === undefined ? {} : { app: withoutVariables(app) }) };
    return history.forecast({ namespace, name: job.id, queue, members: 1 + workers.min, ...who }).isKnown;
  });
  expect(known.length).toBeGreaterThan(400);
});
