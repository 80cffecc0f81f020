import type { NodeInfo, PodInfo } from '../src/core/model.ts';
import { DEFAULT_POLICY } from '../src/core/policy/policy.ts';
import { Scheduler } from '../src/core/scheduler.ts';
import { boundTo, GangBuilder, node, offer, pod, spark } from '../test/support/builders.ts';
import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';
import { nodeName } from './support/cluster.ts';
import { summarize } from './support/statistics.ts';

/** One tenant's pods, which ask little and declare much, on nodes that are full. */
const NODES = 1000;
const PODS_PER_NODE = 16;
const HEARTBEATS_PER_SECOND = 3;
const ROUNDS_PER_SECOND = 4;
const QUESTIONS_PER_SECOND = 12;
/** The most that p99 and start with the hostile pods may be, over those without. */
const LIMIT = 1.5;

interface Scene {
  readonly name: string;
  readonly gangs: number;
  readonly roles: number;
  readonly members: number;
  /** The most that p99 of a question may be, over that without them; absent: it is only shown. */
  readonly limit?: number;
}

const SCENES: readonly Scene[] = [
  { name: '1 leader, 1 role of 10,000', gangs: 1, roles: 1, members: 10_000, limit: LIMIT },
  { name: '1 leader, 15 roles of 10,000', gangs: 1, roles: 15, members: 10_000, limit: LIMIT },
  { name: '200 leaders, 3 roles of 3,000', gangs: 200, roles: 3, members: 3000 },
];

const NAMES = Array.from({ length: NODES }, (_, i) => nodeName(i));
const NODE_INFOS: readonly NodeInfo[] = NAMES.map((name) => node(name, { cpu: 16, memoryGib: 64 }));
const ORDINARY: readonly PodInfo[] = NAMES.flatMap((name, i) =>
  Array.from({ length: PODS_PER_NODE }, (_, n) => boundTo(pod(`run-${i}-${n}`, { memoryGib: 4 }), name)),
);

/** Leaders without a request that were bound without muster; their members would take a core each. */
function hostilePods({ gangs, roles, members }: Scene): readonly PodInfo[] {
  return Array.from({ length: gangs }, (_, i) => {
    const others = Array.from({ length: roles }, (__, r) => [`r${r}`, { count: members, cpu: 1 }] as const);
    const gang = new GangBuilder(`hostile-${i}`, { leader: { count: 1, cpu: 0 }, ...Object.fromEntries(others) });
    return boundTo(gang.leader(), NAMES[i % NODES]!);
  });
}

/** Processor time of this process in ms: on a busy machine, a p99 of the clock is that of its other processes. */
function busyMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Side {
  /** In ms: from the first object to the end of `synced`. */
  readonly startMs: number;
  readonly scheduler: Scheduler;
}

function started(hostile: readonly PodInfo[]): Side {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  const from = busyMs();
  for (const one of NODE_INFOS) scheduler.observe({ kind: 'node', node: one }, 0);
  for (const one of [...hostile, ...ORDINARY]) scheduler.observe({ kind: 'pod', pod: one }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  return { startMs: busyMs() - from, scheduler };
}

/**
 * A question about another pod in each twelfth of a second, in turn about a pod of no gang and about a new gang. With it
 * is timed what happened just before, because a question that comes then waits: a heartbeat, a round of admissions, a
 * tick. Now and then a pod ends and another one takes its room.
 * @returns ms of each
 */
function questions({ scheduler }: Side, seconds: number): number[] {
  const candidates = offer(NAMES);
  const times: number[] = [];
  for (let i = 0; i < seconds * QUESTIONS_PER_SECOND; i++) {
    const nowMs = (i * 1000) / QUESTIONS_PER_SECOND;
    const beat = NODE_INFOS[(i * 31) % NODES]!;
    const passing = ORDINARY[(i * 7919) % ORDINARY.length]!;
    const asked = i % 2 === 0 ? pod(`single-${i}`) : spark(`gang-${i}`, 8).leader();
    const isDue = (perSecond: number) => i % (QUESTIONS_PER_SECOND / perSecond) === 0;
    const from = busyMs();
    if (isDue(HEARTBEATS_PER_SECOND)) scheduler.observe({ kind: 'node', node: { ...beat } }, nowMs);
    if (isDue(1)) {
      scheduler.observe({ kind: 'pod-gone', uid: passing.uid }, nowMs);
      scheduler.tick(nowMs);
    }
    if (isDue(ROUNDS_PER_SECOND)) {
      scheduler.admitWaiting(nowMs);
      scheduler.makeRoom(nowMs);
    }
    scheduler.filter({ pod: asked, candidates }, nowMs);
    times.push(busyMs() - from);
    if (isDue(1)) scheduler.observe({ kind: 'pod', pod: passing }, nowMs);
    scheduler.observe({ kind: 'pod-gone', uid: asked.uid }, nowMs);
  }
  return times;
}

interface Round {
  readonly p99: number;
  readonly startMs: number;
}

function measure(hostile: readonly PodInfo[], seconds: number): Round {
  const side = started(hostile);
  return { startMs: side.startMs, p99: summarize('', 'ms', questions(side, seconds)).p99 };
}

/** Both sides in turn, the first of a round being the second of the next. */
function compare(scene: Scene, { quick, progress }: BenchmarkContext): readonly Result[] {
  const [rounds, seconds] = quick ? [2, 2] : [15, 60];
  const hostile = hostilePods(scene);
  measure(hostile, seconds);
  const ratios = Array.from({ length: rounds }, (_, round) => {
    progress(`hostile: ${scene.name}, round ${round + 1} of ${rounds}`);
    const sides = round % 2 === 0 ? [hostile, []] : [[], hostile];
    const [first, second] = sides.map((pods) => measure(pods, seconds));
    const [with_, without] = round % 2 === 0 ? [first!, second!] : [second!, first!];
    return { p99: with_.p99 / without.p99, start: with_.startMs / without.startMs, without };
  });
  const result = (what: string, values: readonly number[], withoutMs: number, limit?: number): Result => {
    const { name, unit, median, spread, samples } = summarize(`${what} with and without ${scene.name}`, 'x', values);
    const checks = limit === undefined ? {} : { checks: [{ what: 'median', value: median, limit }] };
    return { name, unit, median, samples, ...(spread ? { spread } : {}), extra: { withoutMs }, ...checks };
  };
  const of = (pick: (round: Round) => number) =>
    summarize(
      '',
      'ms',
      ratios.map(({ without }) => pick(without)),
    ).median;
  const p99s = ratios.map(({ p99 }) => p99);
  const starts = ratios.map(({ start }) => start);
  return [
    result(
      'filter p99,',
      p99s,
      of(({ p99 }) => p99),
      scene.limit,
    ),
    result(
      'start,',
      starts,
      of(({ startMs }) => startMs),
      LIMIT,
    ),
  ];
}

export const benchmark: Benchmark = {
  name: 'hostile',
  about: 'what leaders that were bound without muster and declare thousands of members cost the others',
  run: (context) => Promise.resolve(SCENES.flatMap((scene) => compare(scene, context))),
};
