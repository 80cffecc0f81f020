import { pino } from 'pino';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../config.ts';
import type { NodeInfo } from '../core/model.ts';
import { PRESETS } from '../core/policy/presets.ts';
import { counted } from '../core/wording.ts';
import { httpPort } from '../replay/http-port.ts';
import { DEFAULT_REPLAY } from '../replay/options.ts';
import { replay, schedulerFor, type ReplayPolicy } from '../replay/replay.ts';
import { reportHtml } from '../replay/report/html.ts';
import { ROWS, textOf } from '../replay/report/rows.ts';
import { comparisonTable } from '../replay/report/table.ts';
import type { PolicyResult, ReplayResult } from '../replay/result.ts';
import { isAlone, type ExtenderPort } from '../replay/sim/port.ts';
import { toNode } from '../replay/trace/nodes.ts';
import { readTrace } from '../replay/trace/read-trace.ts';
import { select } from '../replay/trace/select.ts';
import { buildServer } from '../server/app.ts';
import type { Serving } from '../server/start.ts';
import { LIVING_SPEED, serveLiving } from './living/serve.ts';
import { progressOn } from './progress.ts';
import { requireWritable, writeOut } from './replay.ts';
import { widthOf } from './streams.ts';

export interface DemoFlags {
  readonly once?: true;
  readonly port?: string;
  readonly report: string;
}

const TRACE = 'bench/traces/msft-itp/cluster03.csv.gz';
const SLICE = { maxJobs: 400, speed: 10, shorten: 10 } as const;
/** `kube-no-preemption` is a cluster in which all jobs have the same priority, so that kube-scheduler evicts no pod. */
const POLICIES = ['kube-default', 'kube-no-preemption', 'fifo-gang', 'muster'] as const;
/** The figures of the jobs as Spark applications, by their short labels. */
const AS_SPARK: readonly string[] = [
  'jobs done',
  'deadlocked',
  'wait mean',
  'completion mean',
  'core-h lost to evictions',
];
const NODES = 24;
const USUAL_URL = 'http://127.0.0.1:8888';
const MAX_BODY_BYTES = 64 * 2 ** 20;

/** The embedded cluster: 24 nodes of 32 cores and 128 GiB in three zones of two racks. */
function demoNodes(): readonly NodeInfo[] {
  return Array.from({ length: NODES }, (_, i) => {
    const labels = {
      'topology.kubernetes.io/zone': `zone-${i % 3}`,
      'topology.kubernetes.io/rack': `zone-${i % 3}-rack-${Math.floor(i / 3) % 2}`,
    };
    return toNode(`demo-${i}`, { cpuMilli: 31_500, memoryBytes: 120 * 2 ** 30, gpus: 0, labels });
  });
}

/** The demo of `npm start`. @returns the exit code, or undefined while it serves */
export async function demoCommand({ once, port, report }: DemoFlags): Promise<number | undefined> {
  requireWritable(report);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const trace = select(await readTrace(traceFile(), { seed: DEFAULT_REPLAY.seed }), SLICE);
  const policies = POLICIES.map((name): ReplayPolicy => ({ name, rules: PRESETS.get(name)! }));
  say(
    `muster: ${trace.jobs.length} jobs of a real trace (Microsoft ITP), through the extender's HTTP endpoints, under ${policies.length} policies.`,
  );
  const asked = policies.filter((policy) => !isAlone(policy.rules));
  const extenders = new Map(
    await Promise.all(asked.map(async (policy) => [policy, await startExtender(policy, say)] as const)),
  );
  const progress = progressOn(process.stderr);
  const workload = { trace, nodes: demoNodes(), nodesName: 'embedded cluster', policies, onProgress: progress.show };
  const portFor = (policy: ReplayPolicy) => extenders.get(policy)?.port;
  const result = await replay({ ...workload, options: DEFAULT_REPLAY, portFor });
  for (const { close } of extenders.values()) await close();
  const asSpark = await replay({ ...workload, options: { ...DEFAULT_REPLAY, workModel: 'spark' } });
  progress.clear();
  say(comparisonTable(result, { width: widthOf(process.stdout) }));
  writeOut(report, () => reportHtml([result]));
  for (const line of lessons(result)) say(line);
  say('The same jobs as Spark applications, which begin with 80 % of their executors or after 30 s (--work spark):');
  for (const policy of asSpark.policies) say(`  ${policy.policy}: ${AS_SPARK.map(figureIn(policy)).join(', ')}.`);
  say(`Open ${report} for the charts.`);
  if (once) return 0;
  const { url } = await serveDemo(port);
  for (const line of tour(url)) say(line);
  return undefined;
}

/** The lessons of the table, in words that the figures support. */
function lessons({ policies }: ReplayResult): string[] {
  return policies.map(({ policy, outcomes: { done, deadlocked, jobs }, idle, evictions, gangsBroken }) => {
    const price =
      evictions > 0
        ? ` It evicted ${counted(evictions, 'pod')} so that others wait less, and broke ${counted(gangsBroken, 'gang')}.`
        : '';
    if (deadlocked > 0)
      return `${policy}: ${deadlocked} of ${jobs} gangs hold room and can never become complete: drivers took the room that executors need.${price}`;
    const half =
      idle.partial === 0
        ? 'no gang held room while a member that it needed was refused'
        : 'some gangs held room while a member that they needed was refused';
    return `${policy}: ${done} of ${jobs} gangs done, ${half}.${price}`;
  });
}

/** `wait mean 2m 54s` */
function figureIn(result: PolicyResult): (short: string) => string {
  return (short) =>
    `${short} ${ROWS.filter((row) => row.short === short)
      .map((row) => textOf(row, result))
      .join('')}`;
}

/** What to try while the demo serves. */
function tour(url: string): string[] {
  const server = url === USUAL_URL ? '' : ` --server ${url}`;
  return [
    '',
    `Now muster serves a cluster on which a company's jobs come, wait, run and end, ${LIVING_SPEED} times as fast as in life:`,
    `  ${url}/                                  the console, in a browser`,
    `  npm run muster -- gangs${server}         what waits, in order, and why; then: explain NAME`,
    `  npm run muster -- top${server}           the same, live`,
    'Stop it with ^C. README.md says what to do next.',
  ];
}

/** Serves on the configured port; without --port, on a free one if that is taken. Logs only what is wrong. */
async function serveDemo(port: string | undefined): Promise<Serving> {
  const config = loadConfig(port === undefined ? {} : { port }, { MUSTER_LOG_LEVEL: 'warn', ...process.env });
  try {
    return await serveLiving(config);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    if (port !== undefined || cause?.code !== 'EADDRINUSE') throw error;
    return serveLiving({ ...config, port: 0 });
  }
}

/** The path of the shipped trace, from the bundle or from the sources. */
function traceFile(): string {
  const places = ['../', '../../'].map((up) => fileURLToPath(new URL(up + TRACE, import.meta.url)));
  return places.find((place) => existsSync(place)) ?? TRACE;
}

/** Starts an extender for one policy, on a free loopback port, with the simulation's clock. */
async function startExtender(
  policy: ReplayPolicy,
  say: (line: string) => void,
): Promise<{ port: ExtenderPort; close: () => Promise<void> }> {
  const scheduler = schedulerFor(policy);
  let simulatedMs = 0;
  const logger = pino({ level: 'silent' });
  const { app } = buildServer({
    scheduler,
    nowMs: () => simulatedMs,
    logger,
    reasons: 'one',
    maxBodyBytes: MAX_BODY_BYTES,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  say(`  ${policy.name}: extender at ${url}`);
  const port = httpPort(url, scheduler, (nowMs) => (simulatedMs = nowMs));
  const close = async () => {
    port.close();
    await app.close();
  };
  return { port, close };
}
