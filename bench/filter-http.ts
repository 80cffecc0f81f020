import type { ClusterEvent } from '../src/core/model.ts';
import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';
import { Child } from './support/child.ts';
import { HttpClient } from './support/http-client.ts';
import { summarize } from './support/statistics.ts';
import { bodyOf, candidateTexts, driverPod, executorPod, foreignPod } from './support/wire-bodies.ts';

type Pod = ReturnType<typeof driverPod>;

interface Case {
  readonly name: string;
  readonly verb: 'filter' | 'prioritize';
  /** The pod of sample `i`. */
  readonly pod: (i: number) => Pod;
  /** A leader to filter before sample `i`, untimed. */
  readonly open?: (i: number) => Pod | undefined;
  /** UIDs of the pods that end after sample `i`. */
  readonly gone: (i: number) => readonly string[];
}

const GANG = 100;
/** Cores per executor, too many for a hundred executors to fit. */
const TOO_LARGE = 15;

const gangCase = (name: string, executors: number, cpu: number): Case => ({
  name,
  verb: 'filter',
  pod: (i) => driverPod(`gang-${i}`, executors, cpu),
  gone: (i) => [`gang-${i}-driver`],
});

const CASES: readonly Case[] = [
  {
    name: 'reserved executor',
    verb: 'filter',
    open: (i) => (i % GANG === 0 ? driverPod(`held-${i / GANG}`, GANG) : undefined),
    pod: (i) => executorPod(`held-${Math.floor(i / GANG)}`, i % GANG),
    gone: (i) => (i % GANG === GANG - 1 ? [`held-${Math.floor(i / GANG)}-driver`] : []),
  },
  gangCase('new gang of 8', 8, 1),
  gangCase('new gang of 100', 100, 1),
  gangCase('gang of 100 that does not fit', 100, TOO_LARGE),
  {
    name: 'foreign pod',
    verb: 'filter',
    open: (i) => (i === 0 ? driverPod('holder', GANG) : undefined),
    pod: (i) => foreignPod(`foreign-${i}`),
    gone: (i) => [`foreign-${i}`],
  },
  { name: 'prioritize', verb: 'prioritize', pod: () => foreignPod('scored'), gone: () => [] },
];

type Aim = 'p50 / floor' | 'p99 / floor';

/** The largest allowed multiples of the floor, by the number of names. */
const LIMITS: Readonly<Record<Case['verb'], ReadonlyMap<number, Partial<Record<Aim, number>>>>> = {
  filter: new Map([
    [100, { 'p50 / floor': 1.2 }],
    [1000, { 'p50 / floor': 1.2 }],
    [5000, { 'p50 / floor': 0.8, 'p99 / floor': 1.2 }],
  ]),
  prioritize: new Map([
    [5000, { 'p50 / floor': 1.3 }],
    [15_000, { 'p50 / floor': 1.3 }],
  ]),
};

interface Sides {
  readonly server: Child;
  readonly muster: HttpClient;
  readonly floor: HttpClient;
}

interface Load {
  readonly names: number;
  readonly mode: 'names' | 'nodes';
  readonly samples: number;
}

const LOADS: readonly Load[] = [
  { names: 100, mode: 'names', samples: 1000 },
  { names: 1000, mode: 'names', samples: 1000 },
  { names: 5000, mode: 'names', samples: 1000 },
  { names: 15_000, mode: 'names', samples: 500 },
  { names: 100, mode: 'nodes', samples: 500 },
  { names: 1000, mode: 'nodes', samples: 100 },
];

/** Sends the same bodies to both sides in turn. The floor answers as many bytes as muster just did. */
async function measure(one: Case, sides: Sides, load: Load): Promise<readonly Result[]> {
  const candidates = candidateTexts(load.names, load.mode);
  const [muster, floor]: [number[], number[]] = [[], []];
  const warmUp = Math.ceil(load.samples / 4);
  let bytes = 0;
  for (let i = 0; i < warmUp + load.samples; i++) {
    const opened = one.open?.(i);
    if (opened) await sides.muster.post('/filter', bodyOf(opened, candidates, i));
    const body = bodyOf(one.pod(i), candidates, i);
    const answer = await sides.muster.post(`/${one.verb}`, body);
    const bare = await sides.floor.post(`/floor?bytes=${answer.bytes}`, body);
    const events = one.gone(i).map((uid): ClusterEvent => ({ kind: 'pod-gone', uid }));
    if (events.length > 0) await sides.server.ask(events);
    bytes = answer.bytes;
    if (i < warmUp) continue;
    muster.push(answer.us);
    floor.push(bare.us);
  }
  await sides.server.ask(['holder-driver', 'held-0-driver'].map((uid): ClusterEvent => ({ kind: 'pod-gone', uid })));
  return compared(one, load, bytes, [muster, floor]);
}

function compared(
  { name, verb }: Case,
  { names, mode }: Load,
  bytes: number,
  [muster, floor]: readonly [readonly number[], readonly number[]],
): readonly Result[] {
  const full = `${name}, ${names.toLocaleString('en-US')} ${mode}`;
  const [own, bare] = [summarize(full, 'µs', muster), summarize(`${full}: floor`, 'µs', floor)];
  const ratios = { 'p50 / floor': own.median / bare.median, 'p99 / floor': own.p99 / bare.p99 };
  const limits = mode === 'names' ? LIMITS[verb].get(names) : undefined;
  const checks = Object.entries(limits ?? {}).map(([what, limit]) => ({ what, value: ratios[what as Aim], limit }));
  return [{ ...own, floor: bare.name, checks, extra: { bytes, ...ratios } }, bare];
}

async function runLoad(load: Load, { progress, quick }: BenchmarkContext): Promise<Result[]> {
  progress(`filter-http: starting a server of ${load.names} nodes`);
  const server = await Child.start('muster-server', String(load.names));
  const bare = await Child.start('floor-server');
  const sides = { server, muster: await HttpClient.open(server.ready), floor: await HttpClient.open(bare.ready) };
  const results: Result[] = [];
  for (const one of CASES) {
    progress(`filter-http: ${one.name}, ${load.names} ${load.mode}`);
    results.push(...(await measure(one, sides, quick ? { ...load, samples: 20 } : load)));
  }
  for (const client of [sides.muster, sides.floor]) client.close();
  for (const child of [server, bare]) child.stop();
  return results;
}

export const benchmark: Benchmark = {
  name: 'filter-http',
  about: 'a server process asked as kube-scheduler asks, beside the barest Fastify handler',
  run: async (context) => {
    const results: Result[] = [];
    for (const load of LOADS) results.push(...(await runLoad(load, context)));
    return results;
  },
};
