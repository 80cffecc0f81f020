import { mkdirSync, writeFileSync } from 'node:fs';
import type { Benchmark, BenchmarkContext, Check, Result } from './support/benchmark.ts';
import { Child } from './support/child.ts';
import { halfFull } from './support/cluster.ts';
import {
  foreignPod,
  newGang,
  prioritize,
  refusedGang,
  reservedExecutor,
  type CoreWorld,
} from './support/core-cases.ts';
import type { Format } from './support/list-pages.ts';
import { LiveServer } from './support/live-server.ts';
import { MACHINE } from './support/report.ts';
import { growthExponent, summarize } from './support/statistics.ts';
import { growthSvg, type Curve } from './support/svg.ts';
import { timesOf, type Timed } from './support/timing.ts';

const NODES = [100, 300, 1000, 3000, 5000, 10_000, 15_000] as const;
/** Pods per node, on PODS_NODES nodes that are half full each time. */
const PODS_PER_NODE = [8, 16, 30, 60] as const;
const PODS_NODES = 5000;
const MOST_PODS = 300_000;
const MOST_NODES = 15_000;
const SAMPLES = 200;
const ROUNDS = 3;

interface Case {
  readonly name: string;
  readonly make: (world: CoreWorld) => Timed;
}

const CASES: readonly Case[] = [
  { name: 'reserved executor', make: reservedExecutor },
  { name: 'foreign pod', make: foreignPod },
  { name: 'new gang of 20', make: (world) => newGang(world, 20) },
  { name: 'gang of 100 that does not fit, first ask', make: refusedGang },
  { name: 'prioritize', make: prioritize },
];

interface Along {
  readonly what: string;
  readonly sizes: readonly number[];
  readonly world: (size: number) => CoreWorld;
  /** File name of its chart, without the extension. */
  readonly picture: string;
}

/** The cost of each case at each size, and the exponent of its growth. */
function growth(context: BenchmarkContext, along: Along): Result[] {
  const curves: Curve[] = [];
  const results = CASES.flatMap(({ name, make }) => {
    const points = along.sizes.map((size): readonly [number, Result] => {
      context.progress(`scale: ${name}, ${size} ${along.what}`);
      const times = timesOf(make(along.world(size)), context.quick ? 5 : SAMPLES);
      return [size, summarize(`${name}, ${size.toLocaleString('en-US')} ${along.what}`, 'µs', times)];
    });
    const medians = points.map(([size, { median }]) => [size, median] as const);
    const exponent = growthExponent(medians);
    curves.push({ name: `${name}: n^${Number(exponent.toFixed(2))}`, points: medians });
    const limit: Check = { what: 'grows slower than the cluster', value: exponent, limit: 1 };
    const fitted = {
      name: `${name}, exponent over ${along.what}`,
      unit: 'count',
      median: exponent,
      samples: points.length,
    } as const;
    return [...points.map(([, result]) => result), { ...fitted, checks: [limit] }];
  });
  if (context.svgFolder !== undefined && !context.quick) draw(context.svgFolder, along, curves);
  return results;
}

function draw(folder: string, { what, picture }: Along, curves: readonly Curve[]): void {
  const caption = `${SAMPLES} samples a point, one process; ${MACHINE}, Node.js ${process.version}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${picture}.svg`, growthSvg({ title: `Cost against ${what}`, caption, x: what, curves }));
}

interface Size {
  readonly nodes: number;
  readonly pods: number;
}

interface Start {
  readonly seconds: number;
  /** Of processor time. */
  readonly cpuSeconds: number;
  /** Resident, in MB: once it is ready, and at its peak. */
  readonly memory: { readonly now: number; readonly most: number };
}

/** Measures a start of the real program from paged lists, and its memory afterwards. */
async function startFrom(api: Child, format: Format): Promise<Start> {
  const muster = await LiveServer.start(api.ready.split(' ')[0]!, { MUSTER_API_ENCODING: format });
  const { seconds } = muster;
  const [memory, cpuSeconds] = [muster.memory(), muster.cpuSeconds()];
  await muster.stop();
  return { seconds, memory, cpuSeconds };
}

/** Starts in each format in turn, so that what else the machine does befalls both. */
async function startsIn({ nodes, pods }: Size, rounds: number): Promise<Readonly<Record<Format, Start[]>>> {
  const api = await Child.start('api-server', String(nodes), String(pods));
  const starts: Record<Format, Start[]> = { protobuf: [], json: [] };
  for (let round = 0; round < rounds; round++)
    for (const format of ['protobuf', 'json'] as const) starts[format].push(await startFrom(api, format));
  api.stop();
  return starts;
}

function resultsOf(what: string, starts: readonly Start[], limits?: { readonly seconds: number; readonly mb: number }) {
  const check = (of: string, value: number, limit: number | undefined) =>
    limit === undefined ? {} : { checks: [{ what: of, value, limit }] };
  const seconds = summarize(
    `start to ready, ${what}`,
    's',
    starts.map((one) => one.seconds),
  );
  const cpu = summarize(
    `start, processor time, ${what}`,
    's',
    starts.map((one) => one.cpuSeconds),
  );
  const most = Math.max(...starts.map(({ memory }) => memory.most));
  const memory = summarize(
    `memory, ${what}`,
    'MB',
    starts.map((one) => one.memory.now),
  );
  return [
    { ...seconds, ...check('seconds', seconds.median, limits?.seconds) },
    cpu,
    { ...memory, ...check('MB', most, limits?.mb), extra: { most } },
  ];
}

async function starts({ progress, quick }: BenchmarkContext): Promise<Result[]> {
  const nodes = quick ? 1000 : MOST_NODES;
  const pods = quick ? 10_000 : MOST_PODS;
  const [cluster, full] = [`${nodes.toLocaleString('en-US')} nodes`, `${pods.toLocaleString('en-US')} pods`];
  progress(`scale: start with ${nodes} nodes`);
  const empty = (await startsIn({ nodes, pods: 0 }, 1)).protobuf;
  progress(`scale: start with ${nodes} nodes, ${pods} pods`);
  const { protobuf, json } = await startsIn({ nodes, pods }, quick ? 1 : ROUNDS);
  const bytes = ((protobuf[0]!.memory.now - empty[0]!.memory.now) * 1e6) / pods;
  return [
    ...resultsOf(`${cluster}, 0 pods`, empty),
    ...resultsOf(`${cluster}, ${full}`, protobuf, { seconds: 8, mb: 450 }),
    ...resultsOf(`${cluster}, ${full}, as JSON`, json),
    { name: 'memory per pod', unit: 'bytes', median: bytes, samples: 1 },
  ];
}

export const benchmark: Benchmark = {
  name: 'scale',
  about: 'cost against nodes and pods, start and memory of a large cluster',
  run: async (context) => {
    const live = await starts(context);
    const sizes = context.quick ? NODES.slice(0, 3) : NODES;
    const overNodes = growth(context, {
      what: 'nodes',
      sizes,
      world: (nodes) => halfFull(nodes),
      picture: 'scale-nodes',
    });
    const nodes = context.quick ? 100 : PODS_NODES;
    const overPods = growth(context, {
      what: `pods on ${nodes.toLocaleString('en-US')} nodes`,
      sizes: PODS_PER_NODE.map((perNode) => perNode * nodes),
      world: (pods) => halfFull(nodes, pods / nodes),
      picture: 'scale-pods',
    });
    return [...live, ...overNodes, ...overPods];
  },
};
