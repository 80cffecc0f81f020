import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from '../../src/replay/random.ts';
import { EtaView, ExplanationView } from '../../src/server/api/schemas.ts';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { PodWatch } from './harness/pods.ts';
import { waitFor } from './harness/process.ts';
import { inProject } from './harness/root.ts';
import { driverOf, TimedApps, type TimedApp, type TimedAppOptions } from './harness/timed-apps.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** How many apps are asked about before they are submitted. */
const ETA_APPS = Number(process.env['MUSTER_E2E_ETA_APPS'] ?? '50');
/** At most so many of them wait at once. */
const LINE = 6;

const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
const NODES = 13;
const CORES = 8;
/** With `shortest`, whoever is shorter and comes later goes first: nobody can foretell that. */
const QUEUE = { blockAfter: '3s', patience: { times: 0 }, backfill: 'reserve', order: 'fifo' };

/** How far off the start of the first in line may be, as a share of the wait that it was told. */
const OFF = 0.1;
/** How many of the apps may start after the latest time that they were told. */
const LATE = 0.15;
/**
 * What counts as no delay where runs take seconds: Kubernetes writes start times down to the second, and kube-scheduler
 * asks again about a leader that it has refused after up to 2 s (podMaxBackoffSeconds).
 */
const GRAIN_MS = 3000;

/** Apps that come again: how long they run, shorter or longer by a factor of up to e ** spread, and how often they have run. */
const KINDS = {
  long: { runMs: 60_000, spread: 0, known: 5 },
  short: { runMs: 2500, spread: 0, known: 20 },
  quick: { runMs: 5000, spread: 0.4, known: 12 },
  medium: { runMs: 10_000, spread: 0.4, known: 12 },
  large: { runMs: 20_000, spread: 0.4, known: 12 },
} as const;
type Kind = keyof typeof KINDS;

/** What muster told, and when it was asked, in ms of the wall clock. */
interface Told {
  readonly askedMs: number;
  readonly aboutMs: number;
  readonly latestMs: number;
}

describe.skipIf(typeof binaries === 'string')('start times', () => {
  const random = seeded(1, 'run times');
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;
  let apps: TimedApps;
  let count = 0;

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, NODES, { cpu: CORES });
    await applyAccess(plane);
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
    apps = new TimedApps(plane.admin, watch);
    const policies = join(plane.folder, 'policies.yaml');
    writeFileSync(policies, JSON.stringify({ policies: [{ name: 'times', queue: QUEUE }] }));
    pair = await startPair(plane, { name: 'muster', env: { MUSTER_POLICY: policies } });
    await teach();
  });

  afterAll(async () => {
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    watch?.stop();
    await plane?.stop();
  });

  const shape = (kind: Kind, executors: number, cpu: string): TimedAppOptions => {
    const { runMs, spread } = KINDS[kind];
    const factor = Math.exp(random.between(-spread, spread));
    return { name: `${kind}-${++count}`, app: kind, executors, cpu, runMs: Math.round(runMs * factor) };
  };
  const submit = (kind: Kind, executors: number, cpu: string) => apps.submit(shape(kind, executors, cpu));

  /** Tiny apps of every kind, all at once; then muster writes down what it has learned, and begins again with that. */
  async function teach(): Promise<void> {
    const kinds = Object.keys(KINDS) as Kind[];
    const lessons = kinds.flatMap((kind) => Array.from({ length: KINDS[kind].known }, () => submit(kind, 0, '100m')));
    await apps.ended(await Promise.all(lessons));
    const isLearned = async () => (await pair.muster.metric('muster_history_runs_learned')) === lessons.length;
    await waitFor('what muster has learned', isLearned);
    await pair.muster.kill('SIGTERM');
    pair.muster.start();
    await pair.muster.ready();
  }

  const explain = async ({ options }: TimedApp) =>
    ExplanationView.parse(await pair.muster.json(`/v1/gangs/default/${options.name}`));

  /** When the app starts, as muster tells once others must mind it. */
  async function foretold(app: TimedApp): Promise<Told> {
    let told: Told | undefined;
    await waitFor('a start time', async () => {
      const { patienceSeconds, start } = await explain(app);
      const askedMs = Date.now();
      if (askedMs < app.submittedMs! + 1000 * patienceSeconds! || start?.latest === undefined) return false;
      told = { askedMs, aboutMs: Date.parse(start.about!), latestMs: Date.parse(start.latest) };
      return true;
    });
    return told!;
  }

  /** How often its owner was told a start time, in Events of its driver. */
  async function timesTold({ options: { name } }: TimedApp): Promise<number> {
    const events = (await persist(plane.admin, { method: 'GET', path: EVENTS })) as {
      items: { reason: string; regarding: { name: string } }[];
    };
    return events.items.filter(
      ({ reason, regarding }) => reason === 'StartsAbout' && regarding.name === `${name}-driver`,
    ).length;
  }

  /** Long apps run on nine nodes, and one waits that needs twelve. */
  async function waitingHead(): Promise<{ readonly long: readonly TimedApp[]; readonly head: TimedApp }> {
    const long = await Promise.all([1, 2, 3].map(() => submit('long', 2, String(CORES))));
    await apps.until('the long apps run', () => long.every(({ ranMs }) => ranMs !== undefined));
    const head = await submit('medium', NODES - 2, String(CORES));
    return { long, head };
  }

  /** Submits short apps of two pods with a core each, 24 at a time that have not ended. */
  async function submitShort(total: number, all: TimedApp[]): Promise<void> {
    while (all.length < total) {
      all.push(await submit('short', 1, '1'));
      await apps.until('short apps end', () => all.filter(({ endedMs }) => endedMs === undefined).length < 24);
    }
  }

  test('a large gang starts when it was told to, while 200 short ones pass it', async () => {
    const { head } = await waitingHead();
    const told = await foretold(head);
    const short: TimedApp[] = [];
    await submitShort(200, short);
    await apps.ended([head, ...short]);
    const passed = short.filter(({ startedMs }) => startedMs! < head.startedMs!);
    const onItsNodes = passed.filter(({ nodes }) => [...nodes].some((node) => head.nodes.has(node)));
    const [wait, off] = [told.aboutMs - told.askedMs, head.startedMs! - told.aboutMs];
    console.log(
      `told ${wait} ms, started ${off} ms after that; ${passed.length} passed, ${onItsNodes.length} of them on its nodes`,
    );
    expect(passed.length).toBeGreaterThan(150);
    expect(onItsNodes.length).toBeGreaterThan(75);
    expect(Math.abs(off)).toBeLessThanOrEqual(OFF * wait);
    expect(await timesTold(head)).toBe(1);
    expect(await audit(plane.admin)).toEqual([]);
  });

  test('kill -9 in between changes nothing: it is told again, and starts when it was told to', async () => {
    const { long, head } = await waitingHead();
    const before = await foretold(head);
    await waitFor('the Event', async () => (await timesTold(head)) === 1);
    const short: TimedApp[] = [];
    const passing = submitShort(100, short);
    await apps.until('half have passed', () => short.filter(({ endedMs }) => endedMs !== undefined).length === 50);
    await pair.muster.kill();
    pair.muster.start();
    await pair.muster.ready();
    expect(await audit(plane.admin)).toEqual([]);
    const after = await foretold(head);
    await waitFor('the Event again', async () => (await timesTold(head)) === 2);
    await passing;
    await apps.ended([head, ...long, ...short]);
    const wait = before.aboutMs - before.askedMs;
    console.log(
      `told ${wait} ms, after the restart ${after.aboutMs - before.aboutMs} ms later; started ${head.startedMs! - before.aboutMs} ms later`,
    );
    for (const { aboutMs } of [before, after])
      expect(Math.abs(head.startedMs! - aboutMs)).toBeLessThanOrEqual(OFF * wait);
    expect(await audit(plane.admin)).toEqual([]);
  });

  test(`muster eta against what then happened, for ${ETA_APPS} apps`, async () => {
    const asked: { readonly app: TimedApp; readonly told: Told }[] = [];
    const isShort = () => asked.filter(({ app }) => app.startedMs === undefined).length < LINE;
    for (let i = 0; i < ETA_APPS; i++) {
      await apps.until('the line is short', isShort);
      const one = anyApp();
      const { start } = await eta(one);
      const told = { askedMs: Date.now(), aboutMs: Date.parse(start!.about!), latestMs: Date.parse(start!.latest!) };
      asked.push({ app: await apps.submit(one), told });
    }
    await apps.ended(asked.map(({ app }) => app));
    const late = asked.filter(({ app, told }) => app.startedMs! > told.latestMs + GRAIN_MS);
    const waited = asked.filter(({ app }) => app.startedMs! > app.submittedMs! + GRAIN_MS);
    for (const { app, told } of asked) console.log(rowOf(app, told));
    const off = waited.map(({ app, told }) => Math.abs(app.startedMs! - told.aboutMs)).sort((a, b) => a - b);
    const wait = waited.map(({ app }) => app.startedMs! - app.submittedMs!).sort((a, b) => a - b);
    console.log(
      `${asked.length} apps, ${waited.length} of which waited, in the middle ${middle(wait)} ms: ${late.length} started after the latest time; of those that waited, half were off by more than ${middle(off)} ms`,
    );
    expect(waited.length).toBeGreaterThan(asked.length / 3);
    expect(late.length).toBeLessThanOrEqual(LATE * asked.length);
    expect(await audit(plane.admin)).toEqual([]);
  });

  /** Quick ones of 8 cores, medium ones of 24 and large ones of 48, of the 104 that there are. */
  const anyApp = () =>
    shape(
      ...random.pick<readonly [Kind, number, string]>([
        [['quick', 3, '2'], 10],
        [['medium', 5, '4'], 7],
        [['large', 11, '4'], 3],
      ]),
    );

  async function eta(app: TimedAppOptions) {
    const file = join(plane.folder, `${app.name}.json`);
    writeFileSync(file, JSON.stringify(driverOf(app)));
    const args = [inProject('dist/cli.js'), 'eta', file, '--server', pair.muster.url, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return EtaView.parse(JSON.parse(stdout));
  }
});

const middle = (sorted: readonly number[]) => sorted[sorted.length >> 1];

/** `medium: told 5.2 s, 7.1 s at the latest; 5.6 s` */
function rowOf({ options: { app }, startedMs }: TimedApp, { askedMs, aboutMs, latestMs }: Told): string {
  const seconds = (ms: number) => `${((ms - askedMs) / 1000).toFixed(1)} s`;
  return `${app}: told ${seconds(aboutMs)}, ${seconds(latestMs)} at the latest; ${seconds(startedMs!)}`;
}
