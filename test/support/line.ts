import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import type { Forecast, RunTimes } from '../../src/core/history/run-times.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { World } from './world.ts';
import type { GangBuilder } from './builders.ts';
import { ToldRunTimes } from './told-run-times.ts';

/** A gang that comes at a time and runs for as long as nobody knows before. */
export interface Job {
  readonly gang: GangBuilder;
  readonly atMs: number;
  readonly ranMs: number;
  /** What is told of it; absent: nothing. */
  readonly forecast?: Forecast;
  /** By which policies can tell it. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** kube-scheduler asks about a refused pod again after 5.5 min at the latest. */
const AGAIN_MS = 300_000;
/** It asks about all that wait again a moment after something happened. */
const MOMENT_MS = 1000;

interface Options {
  readonly policies: readonly Partial<Policy>[];
  /** Whether kube-scheduler asks about the job now; absent: it always does. */
  readonly isAsked?: (job: Job, nowMs: number) => boolean;
  /** No job is watched for longer than this. */
  readonly untilMs: number;
  /** Absent: as the jobs tell. */
  readonly runTimes?: RunTimes;
}

/** A cluster on which jobs come, wait, run for as long as they do, and end; exact to the millisecond. */
export class Line {
  readonly world: World;
  /** When each job started, in ms, by the name of its gang. */
  readonly started = new Map<string, number>();
  readonly #jobs: readonly Job[];
  readonly #isAsked: NonNullable<Options['isAsked']>;
  readonly #untilMs: number;
  readonly #waiting = new Set<Job>();
  readonly #running = new Map<Job, number>();

  constructor(nodes: readonly NodeInfo[], jobs: readonly Job[], options: Options) {
    const told = new ToldRunTimes();
    for (const { gang, forecast } of jobs) if (forecast) told.told.set(gang.spec.name, forecast);
    const { policies, isAsked = () => true, untilMs, runTimes = told } = options;
    this.world = new World(nodes, {}, true, [], runTimes);
    const all = policies.map((one) => ({ ...DEFAULT_POLICY, ...one }));
    this.world.scheduler.setPolicies(all, 0);
    this.#jobs = jobs.toSorted((a, b) => a.atMs - b.atMs);
    this.#isAsked = isAsked;
    this.#untilMs = untilMs;
  }

  /** Plays all jobs. @param isOver looked at after each event */
  play(isOver: () => boolean = () => false): void {
    let next = 0;
    let againMs = Infinity;
    while (this.world.nowMs <= this.#untilMs && !isOver()) {
      const endMs = Math.min(Infinity, ...this.#running.values());
      const nowMs = Math.min(this.#jobs[next]?.atMs ?? Infinity, endMs, againMs);
      if (nowMs === Infinity) return;
      const isEvent = nowMs < againMs;
      this.world.wait(nowMs - this.world.nowMs);
      for (const [job, atMs] of this.#running) if (atMs === nowMs) this.#end(job);
      for (; this.#jobs[next]?.atMs === nowMs; next++) this.#waiting.add(this.#jobs[next]!);
      this.#askAll();
      againMs = this.#waiting.size > 0 ? nowMs + (isEvent ? MOMENT_MS : AGAIN_MS) : Infinity;
    }
  }

  /** The last to come asks first: nothing but muster keeps it from passing the others. */
  #askAll(): void {
    const { world } = this;
    for (const job of [...this.#waiting].reverse()) {
      if (!this.#waiting.has(job) || !this.#isAsked(job, world.nowMs)) continue;
      world.ask(leaderOf(job));
      this.#startAdmitted();
    }
  }

  /** Whoever was admitted, asked about or not, runs whole at once. */
  #startAdmitted(): void {
    const { gangs } = this.world.scheduler.inside;
    for (const job of [...this.#waiting]) {
      if (gangs.get(job.gang.spec.key)?.state.kind !== 'admitted') continue;
      this.#waiting.delete(job);
      for (const pod of membersOf(job))
        if (!this.world.start(pod).startsWith('-> ')) throw new Error(`${pod.name} has no place`);
      this.started.set(job.gang.spec.name, this.world.nowMs);
      this.#running.set(job, this.world.nowMs + job.ranMs);
    }
  }

  #end(job: Job): void {
    this.#running.delete(job);
    for (const pod of membersOf(job)) this.world.gone(pod);
  }
}

const leaderOf = ({ gang, labels = {} }: Job): PodInfo => ({
  ...gang.leader(),
  labels: new Map(Object.entries(labels)),
});

/** The leader and the members that it needs. */
function membersOf(job: Job): readonly PodInfo[] {
  const { gang } = job;
  const others = gang.spec.roles.flatMap(({ name, count }, r) =>
    Array.from({ length: r === 0 ? count - 1 : count }, (_, i) => gang.member(name, i)),
  );
  return [leaderOf(job), ...others];
}
