import { generateTrace } from '../src/replay/generate/generate.ts';
import { profileNamed } from '../src/replay/generate/profiles.ts';
import type { SoakFigures, SoakMessage } from './processes/soak-server.ts';
import type { Benchmark, BenchmarkContext, Check, Result } from './support/benchmark.ts';
import { Child } from './support/child.ts';
import { HttpClient } from './support/http-client.ts';
import { median, summarize } from './support/statistics.ts';
import { bodyOf, candidateTexts, driverPod, executorPod } from './support/wire-bodies.ts';

/** 30 minutes of a day of 100,000 jobs, in laps of three: each lap is the same churn under new names. */
const PROFILE = profileNamed('lyft-day');
const LAPS = 10;
const LAP_MS = 3 * 60_000;
/** Laps before the first one that counts, so that code is compiled and pools have grown. */
const WARM_UP_LAPS = 2;
const ENDED_MS = 1000;

interface Gang {
  readonly name: string;
  readonly executors: number;
  readonly atMs: number;
  readonly endMs: number;
}

/** Gangs with the trace's sizes and durations. Those that still run at the end of the lap end with it. */
function gangsOf(lap: number, jobs: number): Gang[] {
  const startMs = lap * (LAP_MS + ENDED_MS);
  const { jobs: all } = generateTrace(PROFILE, { seed: 1, days: 0.1 });
  return all.slice(0, jobs).map(({ workers, durationMs }, i) => {
    const atMs = startMs + (i * LAP_MS) / jobs;
    return {
      name: `lap-${lap}-gang-${i}`,
      executors: workers.count,
      atMs,
      endMs: Math.min(atMs + durationMs, startMs + LAP_MS),
    };
  });
}

type Json = Record<string, unknown>;

/** Plays kube-scheduler and the cluster. */
class Churn {
  readonly #server: Child;
  readonly #client: HttpClient;
  readonly #candidates: readonly string[];
  /** µs of each filter call of the lap. */
  latencies: number[] = [];
  refused = 0;
  #turn = 0;

  constructor(server: Child, client: HttpClient, candidates: readonly string[]) {
    this.#server = server;
    this.#client = client;
    this.#candidates = candidates;
  }

  async lap(gangs: readonly Gang[]): Promise<void> {
    this.latencies = [];
    const running = new Map<Gang, readonly string[]>();
    const steps = gangs.flatMap((gang) => [
      { atMs: gang.atMs, act: async () => void running.set(gang, await this.#submit(gang)) },
      { atMs: gang.endMs, act: () => this.#tell(gang.endMs, [], running.get(gang)) },
    ]);
    for (const { act } of steps.sort((a, b) => a.atMs - b.atMs)) await act();
  }

  async figures(): Promise<SoakFigures> {
    return (await this.#server.ask({ kind: 'figures' } satisfies SoakMessage)) as SoakFigures;
  }

  /** @returns UIDs of its pods */
  async #submit({ name, executors, atMs }: Gang): Promise<readonly string[]> {
    const driver = driverPod(name, executors);
    const driverNode = await this.#filter(driver);
    if (driverNode === undefined) {
      this.refused++;
      return [name];
    }
    await this.#tell(atMs, [boundTo(driver, driverNode)]);
    const bound: Json[] = [];
    for (let i = 0; i < executors; i++) {
      const pod = executorPod(name, i);
      const node = await this.#filter(pod);
      if (node === undefined) this.refused++;
      else bound.push(boundTo(pod, node));
    }
    await this.#tell(atMs, bound);
    return [driver, ...bound].map(({ metadata }) => (metadata as { uid: string }).uid);
  }

  async #filter(pod: Json): Promise<string | undefined> {
    const { us, body } = await this.#client.post('/filter', bodyOf(pod, this.#candidates, this.#turn++));
    this.latencies.push(us);
    return (JSON.parse(body) as { NodeNames?: readonly string[] | null }).NodeNames?.[0];
  }

  #tell(nowMs: number, bound: readonly object[], gone: readonly string[] = []): Promise<unknown> {
    return this.#server.ask({ kind: 'events', nowMs, bound, gone } satisfies SoakMessage);
  }
}

const boundTo = (pod: Json, nodeName: string): Json => ({ ...pod, spec: { ...(pod['spec'] as Json), nodeName } });

interface Lap {
  readonly latencies: readonly number[];
  readonly figures: SoakFigures;
}

async function lapsOf(churn: Churn, { progress, quick }: BenchmarkContext): Promise<Lap[]> {
  const jobs = quick ? 20 : Math.round((PROFILE.jobsPerDay * LAP_MS) / 86_400_000);
  const laps: Lap[] = [];
  for (let lap = 0; lap < WARM_UP_LAPS + LAPS; lap++) {
    progress(`soak: lap ${lap + 1} of ${WARM_UP_LAPS + LAPS}, ${jobs} jobs`);
    await churn.lap(gangsOf(lap, jobs));
    laps.push({ latencies: churn.latencies, figures: await churn.figures() });
  }
  return laps.slice(WARM_UP_LAPS);
}

function resultsOf(laps: readonly Lap[], refused: number): Result[] {
  const each = laps.map(({ latencies }, i) => summarize(`filter, lap ${i + 1}`, 'µs', latencies));
  const heaps = laps.map(({ figures }) => figures.heapMb);
  const heap: Check = { what: 'last / first', value: heaps.at(-1)! / heaps[0]!, limit: 1.05 };
  const p99: Check = { what: 'p99 of the last lap / of the first', value: each.at(-1)!.p99 / each[0]!.p99, limit: 1.2 };
  const of = (name: string, pick: (figures: SoakFigures) => number): Result => {
    const values = laps.map(({ figures }) => pick(figures));
    return { name, unit: 'ms', median: median(values), p99: Math.max(...values), samples: values.length };
  };
  return [
    ...each.slice(0, -1),
    { ...each.at(-1)!, checks: [p99] },
    { name: 'heap after a full collection', unit: 'MB', median: median(heaps), samples: LAPS, checks: [heap] },
    of('event loop delay, p99', ({ loopP99Ms }) => loopP99Ms),
    of('event loop delay, longest', ({ loopMaxMs }) => loopMaxMs),
    of('garbage collection, longest pause', ({ gcMaxMs }) => gcMaxMs),
    of('garbage collection, in all', ({ gcMs }) => gcMs),
    { name: 'pods refused', unit: 'count', median: refused, samples: 1 },
  ];
}

export const benchmark: Benchmark = {
  name: 'soak',
  about: `30 minutes of ${PROFILE.jobsPerDay.toLocaleString('en-US')} jobs a day on ${PROFILE.nodes} half-full nodes, time compressed; per lap of three minutes`,
  run: async (context) => {
    const server = await Child.start('soak-server', String(PROFILE.nodes));
    const client = await HttpClient.open(server.ready);
    try {
      const churn = new Churn(server, client, candidateTexts(PROFILE.nodes, 'names'));
      return resultsOf(await lapsOf(churn, context), churn.refused);
    } finally {
      client.close();
      server.stop();
    }
  },
};
