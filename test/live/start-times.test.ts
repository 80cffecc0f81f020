import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { etaCommand } from '../../src/cli/eta.ts';
import { PIPE } from '../../src/cli/view.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import type { Forecast, RunIdentity } from '../../src/core/history/run-times.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { EtaView, ExplanationView } from '../../src/server/api/schemas.ts';
import { buildServer } from '../../src/server/app.ts';
import { boundTo, GangBuilder, node, offer, queueWith } from '../support/builders.ts';
import { fingerprintOf } from '../support/fingerprint.ts';
import { OpenScheduler } from '../support/world.ts';

const MINUTE = 60_000;

/** From half to one and a half times as long, all equally likely; `endless` and what is not named here is unknown. */
const MINUTES: Readonly<Record<string, number>> = { runs: 60, waits: 30 };
const runTimes = {
  learn: () => undefined,
  forecast: ({ name }: RunIdentity): Forecast => {
    const minutes = MINUTES[name];
    return {
      endsWithin: (share, ranMs) =>
        minutes === undefined ? Infinity : Math.max(ranMs, minutes * MINUTE * (0.5 + share)),
      isKnown: minutes !== undefined,
      runs: minutes === undefined ? 0 : 12,
      basis: minutes === undefined ? 'nothing' : `app ${name}`,
      error: minutes === undefined ? undefined : 0.1,
    };
  },
};

const policy = {
  ...DEFAULT_POLICY,
  queue: queueWith({ blockAfterMs: 1, patience: { times: 0, mostMs: 0 }, backfill: 'reserve' }),
};
const scheduler = new OpenScheduler({ policies: [policy], schedulerNames: ['muster'], runTimes });
const logger = pino({ level: 'silent' });
const startMs = Date.now();
const { app } = buildServer({ scheduler, nowMs: () => startMs + 1000, logger, reasons: 'one', maxBodyBytes: 2 ** 20 });
let url = '';

const workers = (name: string, count: number, cpu = 1) => new GangBuilder(name, { worker: { count, cpu } });

/** One node of 8 cores: `runs` has 5 of them, `waits` wants 6. */
beforeAll(async () => {
  scheduler.observe({ kind: 'node', node: node('n1', { cpu: 8 }) }, startMs);
  scheduler.observe({ kind: 'synced' }, startMs);
  for (const gang of [workers('runs', 5), workers('waits', 6)]) {
    const pod = gang.leader();
    const { answer } = scheduler.filter({ pod, candidates: offer(['n1']) }, startMs);
    if (answer.kind === 'one') scheduler.observe({ kind: 'pod', pod: boundTo(pod, answer.node) }, startMs);
  }
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

const post = async (body: unknown, type = 'application/json') => {
  const response = await fetch(`${url}/v1/eta`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};

const roles = (count: number, cpu: string) =>
  JSON.stringify([
    { name: 'lead', count: 1 },
    { name: 'work', count, requests: { cpu } },
  ]);

/** A pod that leads a gang in muster's own dialect. */
const leader = (name: string, count: number, cpu = '1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'jobs',
    labels: { 'muster.dev/gang': name, 'muster.dev/role': 'lead' },
    annotations: { 'muster.dev/roles': roles(count, cpu) },
  },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
});

const minutesFrom = (iso: string | undefined) => Math.round((Date.parse(iso!) - startMs) / MINUTE);

describe('explain', () => {
  test('says when a waiting gang starts, between which times, and whose end makes the room', async () => {
    const found = ExplanationView.parse(await (await fetch(`${url}/v1/gangs/jobs/waits`)).json());
    expect(found.start).toMatchObject({ because: ['jobs/runs'], unknown: [], isAtLeast: false });
    const { earliest, about, latest } = found.start!;
    expect(minutesFrom(earliest)).toBeGreaterThanOrEqual(30);
    expect(minutesFrom(about)).toBeGreaterThan(55);
    expect(minutesFrom(about)).toBeLessThan(66);
    expect(minutesFrom(latest)).toBeLessThanOrEqual(92);
    expect(found.forecast).toMatchObject({ medianSeconds: 1800, p90Seconds: 2520, runs: 12, basis: 'app waits' });
    expect(found.patienceSeconds).toBe(0);
    expect(found.ends).toBeUndefined();
  });

  test('says by when it was first told to start', async () => {
    let nowMs = startMs + 1000;
    for (let i = 0; i < 20; i++) scheduler.tick((nowMs += 10));
    const { start } = ExplanationView.parse(await (await fetch(`${url}/v1/gangs/jobs/waits`)).json());
    // With a minute and a tenth of the wait for what nobody foresees.
    expect([start?.latest, start?.promised].map(minutesFrom)).toEqual([88, 98]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('muster_gangs_with_start_time 1');
    let text = '';
    await explainCommand('waits', { server: url, output: 'table' }, (more) => (text += more));
    expect(text).toMatch(/It was told first that it starts by .*\d\d:\d\d/);
  });

  test('says when a running gang ends, and has no start time for it', async () => {
    const found = ExplanationView.parse(await (await fetch(`${url}/v1/gangs/jobs/runs`)).json());
    expect(minutesFrom(found.ends?.about)).toBe(60);
    expect(minutesFrom(found.ends?.latest)).toBe(84);
    expect(found.start).toBeUndefined();
  });

  test('as text, by the clock of the machine, with the words that nothing is promised', async () => {
    let text = '';
    await explainCommand('waits', { server: url, output: 'table' }, (more) => (text += more));
    expect(text).toMatch(
      /It starts about .*\d\d:\d\d.* \(between .* and .*\), when jobs\/runs ends\. That is no promise/,
    );
    expect(text).toContain('It runs about 30m, nine times of ten at most 42m (12 ended runs: app waits).');
  });
});

describe('POST /v1/eta', () => {
  test('tells when an app would start, behind those that wait, and what would make it sooner', async () => {
    const { status, body } = await post({ objects: [leader('later', 4)] });
    const eta = EtaView.parse(body);
    expect(status).toBe(200);
    expect(eta).toMatchObject({ gang: 'jobs/later', members: 5, queue: 'default', policy: 'default' });
    expect(eta.start!.because).toContain('jobs/waits');
    expect(minutesFrom(eta.start!.about)).toBeGreaterThan(80);
    expect(eta.sooner.map(({ kind }) => kind)).toEqual(['fewer', 'smaller', 'priority']);
    // 3 cores are free, 2 of them beside `waits`.
    expect(eta.sooner[0]).toEqual({ kind: 'fewer', role: 'work', count: 1, instead: 4 });
    expect(eta.sooner[1]).toMatchObject({ role: 'work', request: { cpu: 0.2 } });
    expect(eta.sooner[2]).toMatchObject({ kind: 'priority', priority: 1, start: { because: ['jobs/runs'] } });
  });

  test('an app that fits beside those that wait starts now, and nothing would make that sooner', async () => {
    const eta = EtaView.parse((await post({ objects: [leader('small', 1)] })).body);
    expect(minutesFrom(eta.start!.latest)).toBe(0);
    expect(eta.sooner).toEqual([]);
  });

  test('an app that the empty cluster could not hold hears why', async () => {
    const eta = EtaView.parse((await post({ objects: [leader('huge', 40)] })).body);
    expect(eta.start).toBeUndefined();
    expect(eta.cannotStart).toMatch(/^Cannot start on this cluster: role work needs 40 places/);
  });

  test('changes nothing, and an app that runs under the same name is another', async () => {
    const before = fingerprintOf(scheduler.inside, startMs);
    const { body } = await post({ objects: [leader('runs', 2)] });
    expect(EtaView.parse(body).start!.because.length).toBeGreaterThan(0);
    expect(fingerprintOf(scheduler.inside, startMs)).toBe(before);
  });

  test.each([
    [{ objects: [] }, 400, /^body objects/],
    [{ objects: [{ kind: 'Deployment', metadata: { name: 'd' } }] }, 400, /^objects\.kind: expected one of Pod, Job/],
    [
      { name: 'a.yaml', objects: [{ ...leader('x', 1), spec: { schedulerName: 'other' } }] },
      400,
      /^a\.yaml\.spec\.schedulerName: expected muster, got .*other/,
    ],
    [
      { objects: [leader('many', 1_000_000)] },
      400,
      /^objects: annotation muster\.dev\/roles\[1\]\.count: .* got 1000000/,
    ],
    [{ objects: [leader('bad', 1, 'lots')] }, 400, /lots/],
    [{ objects: Array.from({ length: 101 }, () => leader('x', 1)) }, 400, /^body objects/],
    [{ objects: [{ kind: 'List', items: Array.from({ length: 101 }, () => leader('x', 1)) }] }, 400, /100 at most/],
    ['{', 400, /JSON/],
    [`{"objects":["${'x'.repeat(300_000)}"]}`, 413, /too large/],
  ])('refuses what is wrong or too much (%#)', async (body, status, problem) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(Object.values(answer.body as object))).toMatch(new RegExp(problem.source.replace('^', '"')));
  });
});

describe('muster eta', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eta-'));
  const eta = async (target: string, output: 'text' | 'json' = 'text') => {
    let text = '';
    const code = await etaCommand(target, { server: url, output }, (more) => (text += more));
    return { code, text };
  };
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test('of a SparkApplication: its driver and executors start together', async () => {
    const app = `
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: { name: pi, namespace: jobs }
spec:
  type: Scala
  sparkVersion: 3.5.1
  driver: { cores: 1, memory: 1g }
  executor: { instances: 5, cores: 1, memory: 1g }
`;
    const { code, text } = await eta(file('pi.yaml', app));
    expect(code).toBe(0);
    expect(text).toContain('jobs/pi (6 members, queue default, priority 0, policy default), submitted now:');
    expect(text).toMatch(/It starts about .* when jobs\/waits/);
    expect(text).toContain('Nothing is known of how long it runs');
    expect(text).toContain('* With 1 member of role executor instead of 5 it would start now.');
    expect(text).toMatch(/\* Ahead of all that wait \(priority 1\) it starts about/);
  });

  test('on a terminal no line is longer than its width', async () => {
    let text = '';
    const view = () => ({ ...PIPE, isTerminal: true, width: 60 });
    await etaCommand('jobs/waits', { server: url, output: 'text' }, (more) => (text += more), view);
    expect(text).toMatch(/^Gang jobs\/waits: waiting\nIt starts about/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  test('of an Indexed Job that is a gang', async () => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'train', namespace: 'jobs' },
      spec: {
        parallelism: 4,
        completions: 4,
        completionMode: 'Indexed',
        template: {
          metadata: { labels: { 'muster.dev/gang-job': 'true' } },
          spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
        },
      },
    };
    const { text } = await eta(file('job.json', JSON.stringify(job)), 'json');
    expect(EtaView.parse(JSON.parse(text))).toMatchObject({ gang: 'jobs/train', members: 4 });
  });

  test('of a gang that waits, and of one that is not there', async () => {
    expect((await eta('jobs/waits')).text).toMatch(/^Gang jobs\/waits: waiting\nIt starts about /);
    expect(await eta('jobs/nobody')).toMatchObject({ code: 1 });
  });

  test('an error names the file, the field and the value', async () => {
    const app = file(
      'bad.yaml',
      'kind: SparkApplication\napiVersion: sparkoperator.k8s.io/v1beta2\nmetadata: {name: x}\nspec: {executor: {instances: many}}',
    );
    await expect(eta(app)).rejects.toThrow(
      `${app}: SparkApplication.spec.executor.instances: expected an integer, got "many"`,
    );
    await expect(eta(join(folder, 'none.yaml'))).rejects.toThrow('MUSTER_FILE_UNREADABLE');
    await expect(eta(file('empty.yaml', ''))).rejects.toThrow('has no objects');
  });
});
