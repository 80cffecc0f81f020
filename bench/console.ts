import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';
import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';
import { summarize } from './support/statistics.ts';
import { driverPod } from './support/wire-bodies.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const WHOLE = { nodes: 15_000, waiting: 5000, rounds: 11, updates: 8 };
const QUICK = { nodes: 200, waiting: 100, rounds: 1, updates: 2 };
/** Cores of a node; and how large the gang is that leaves room for no other. */
const CORES = 16;
const TOO_LARGE = 15;
const MOST_PAINT_MS = 1500;
const MOST_UPDATE_MS = 100;

const PAGES = [
  { name: 'the list of gangs', hash: '', ready: `document.querySelector('.gangs .grid-body .gang')` },
  { name: 'the map of nodes', hash: '#/nodes', ready: `document.querySelector('.map-canvas')?.height > 200` },
  { name: 'queues', hash: '#/queues', ready: `document.querySelector('.queues .bar')` },
] as const;

/** muster with that many nodes, as files describe them. */
class Cluster {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly url: string;
  #gangs = 0;

  private constructor(process: ChildProcess, folder: string, names: readonly string[], url: string) {
    this.#process = process;
    this.#folder = folder;
    this.#names = names;
    this.url = url;
  }

  static async start(nodes: number): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'muster-console-'));
    const names = Array.from({ length: nodes }, (_, i) => `node-${i}`);
    const items = names.map((name, i) => {
      const labels = {
        'topology.kubernetes.io/zone': `zone-${i % 3}`,
        'topology.kubernetes.io/rack': `rack-${Math.floor(i / 48)}`,
      };
      const allocatable = { cpu: String(CORES), memory: '64Gi', 'ephemeral-storage': '200Gi', pods: '110' };
      return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {}, status: { allocatable } };
    });
    const file = join(folder, 'nodes.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const args = ['dist/cli.js', 'serve', '--port', '0', '--nodes', file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Cluster(child, folder, names, await urlOf(child));
  }

  /** A gang comes; those after the first find no room. */
  async ask(): Promise<void> {
    const executors = this.#gangs === 0 ? this.#names.length - 1 : 40;
    const pod = driverPod(`job-${this.#gangs++}`, executors, TOO_LARGE);
    await fetch(`${this.url}/filter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Pod: pod, Nodes: null, NodeNames: this.#names.slice(0, 3) }),
    });
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await new Promise((done) => this.#process.once('close', done));
    rmSync(this.#folder, { recursive: true });
  }
}

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout!) {
    text += String(chunk);
    const [, url] = /"url":"(http:[^"]+)"/.exec(text) ?? [];
    if (url === undefined) continue;
    stdout!.on('data', () => undefined).resume();
    return url;
  }
  throw new Error('muster ended before it listened');
}

type Target = (typeof PAGES)[number];

/** A page in a browser that knows nothing, and when it had painted what it is for, in ms after the navigation began. */
async function open(browser: Browser, url: string, { hash, ready }: Target) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(`(() => {
    const look = () => {
      if (${ready}) requestAnimationFrame(() => { window.paintedMs = performance.now(); });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  })()`);
  await page.goto(`${url}/${hash}`, { waitUntil: 'commit' });
  let paintedMs: number | undefined;
  while (paintedMs === undefined) {
    await page.waitForTimeout(20);
    paintedMs = await page.evaluate<number | undefined>('window.paintedMs');
  }
  return { page, paintedMs, close: () => context.close() };
}

/** How long the main thread of the page has worked, in ms. */
async function workedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000;
}

/** What the main thread works between two ticks, all that the page does of itself included. */
async function updatesOf(page: Page, cluster: Cluster, count: number): Promise<number[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const waiting = () => page.evaluate<string>(`document.querySelector('.count-waiting dd')?.textContent`);
  const works: number[] = [];
  for (let i = 0; i < count; i++) {
    const [before, shown] = [await workedMs(session), await waiting()];
    await cluster.ask();
    while ((await waiting()) === shown) await page.waitForTimeout(50);
    await page.waitForTimeout(400);
    works.push((await workedMs(session)) - before);
  }
  return works;
}

async function measure(cluster: Cluster, browser: Browser, target: Target, { rounds, updates }: typeof WHOLE) {
  const paints: number[] = [];
  const works: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { page, paintedMs, close } = await open(browser, cluster.url, target);
    paints.push(paintedMs);
    if (round === 0) {
      await page.waitForSelector('.freshness.is-live');
      works.push(...(await updatesOf(page, cluster, updates)));
    }
    await close();
  }
  const paint = summarize(`first paint of ${target.name}`, 'ms', paints);
  const work = summarize(`main thread for an update of ${target.name}`, 'ms', works);
  return [
    { ...paint, checks: [{ what: 'p50', value: paint.median, limit: MOST_PAINT_MS }] },
    { ...work, checks: [{ what: 'p50', value: work.median, limit: MOST_UPDATE_MS }] },
  ];
}

async function run({ quick, progress }: BenchmarkContext): Promise<readonly Result[]> {
  const size = quick ? QUICK : WHOLE;
  const cluster = await Cluster.start(size.nodes);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    for (let i = 0; i <= size.waiting; i++) {
      if (i % 100 === 0) progress(`console: ${i} of ${size.waiting} gangs`);
      await cluster.ask();
    }
    const results: Result[] = [];
    for (const target of PAGES) {
      progress(`console: ${target.name}`);
      results.push(...(await measure(cluster, browser, target, size)));
    }
    return results;
  } finally {
    await browser.close();
    await cluster.stop();
  }
}

export const benchmark: Benchmark = {
  name: 'console',
  about: 'first paint and updates of the console, with 15,000 nodes and 5,000 waiting gangs, in Chromium',
  run,
};
