import { setTimeout as sleep } from 'node:timers/promises';
import { persist } from '../../test/e2e/harness/cluster.ts';
import type { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import type { NodeAmounts } from '../../test/e2e/harness/audit.ts';
import type { Pod } from '../../test/e2e/harness/objects.ts';
import { tailOf } from '../../test/e2e/harness/process.ts';
import { Bindings } from '../support/bindings.ts';
import { cpuMsOf } from '../support/processor-time.ts';
import { summarize } from '../support/statistics.ts';
import { clear, createGangs } from './load.ts';
import { gangNamed, gangOf, PODS, type Gang } from './objects.ts';
import type { Sizes } from './options.ts';
import { gangSeconds, outcomeOf, type Outcome } from './outcome.ts';
import { pathsOf } from './programs.ts';
import type { Side } from './sides.ts';
import type { Running } from './start.ts';

/** Gangs that are bound before the measurement, since a server that has just started runs slow code. */
const WARM_UP = 5;
/** From the warm-up to the measurement, so that what it leaves to do is done. */
const REST_MS = 1500;

export const COMPONENTS = ['etcd', 'apiServer', 'scheduler', 'muster', 'bench'] as const;
type Component = (typeof COMPONENTS)[number];

export interface Measured extends Outcome {
  readonly bound: number;
  readonly pods: number;
  /** From the first gang's creation to the last binding. */
  readonly podsPerSecond: number;
  /** How long all creations took; with --driver-first it includes the waits for drivers. */
  readonly createSeconds: number;
  /** From the creation of a gang's first pod to the binding of its last; NaN, in JSON null, where no gang is complete. */
  readonly gangP50: number | null;
  readonly gangP99: number | null;
  /** Milliseconds of processor time per pod bound. */
  readonly cpuMs: Readonly<Record<Component, number>>;
}

/** One measurement: gangs are created while the side's scheduler runs, until all are bound or none is for a minute. */
export async function measure(plane: ControlPlane, side: Side, sizes: Sizes, round: number): Promise<Measured> {
  const running = await side.start({ plane, qps: sizes.qps, paths: pathsOf(side.name, side.needs) });
  // Placeholders do not count.
  const bindings = await Bindings.watch(plane.admin, (pod) => gangOf(pod) !== undefined);
  try {
    return await new Measurement({ plane, side, sizes, round, running, bindings }).run();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message}\nThe end of its log:\n${tailOf(running.logFile)}`, { cause: error });
  } finally {
    bindings.stop();
    await running.stop();
    await clear(plane.admin, side.objects.collections);
  }
}

interface Parts {
  readonly plane: ControlPlane;
  readonly side: Side;
  readonly sizes: Sizes;
  readonly round: number;
  readonly running: Running;
  readonly bindings: Bindings;
}

class Measurement {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<Measured> {
    const { sizes, bindings } = this.#parts;
    const members = sizes.executors + 1;
    const warm = WARM_UP * members;
    const pods = sizes.gangs * members;
    await this.#create(0, WARM_UP);
    if (!(await bindings.reaches(() => bindings.atMs.size >= warm)))
      throw new Error(`warm-up: ${bindings.atMs.size} of ${warm} pods were bound, then none for a minute`);
    await sleep(REST_MS);
    const [before, fromMs] = [this.#cpuMs(), performance.now()];
    const createdMs = await this.#create(WARM_UP, WARM_UP + sizes.gangs);
    const createSeconds = (performance.now() - fromMs) / 1000;
    await bindings.reaches(() => bindings.atMs.size >= warm + pods);
    const after = this.#cpuMs();
    const bound = bindings.atMs.size - warm;
    if (bound === 0) throw new Error('no pod was bound after the warm-up');
    const seconds = (Math.max(...bindings.atMs.values()) - fromMs) / 1000;
    const { median, p99 } = summarize('', 's', gangSeconds(createdMs, bindings.atMs, members));
    const each = COMPONENTS.map((name, i) => [name, (after[i]! - before[i]!) / bound]);
    return {
      ...{ bound, pods, podsPerSecond: bound / seconds, createSeconds, gangP50: median, gangP99: p99 },
      cpuMs: Object.fromEntries(each) as Measured['cpuMs'],
      ...(await this.#outcome(members)),
    };
  }

  #create(from: number, to: number): Promise<Map<string, number>> {
    const { plane, side, sizes, round, bindings } = this.#parts;
    const gangs = Array.from({ length: to - from }, (_, i): Gang => {
      return { name: gangNamed(round, from + i), executors: sizes.executors };
    });
    const isBound = sizes.driverFirst ? (pod: string) => bindings.atMs.has(pod) : undefined;
    return createGangs({ admin: plane.admin, objects: side.objects, isBound }, gangs);
  }

  #cpuMs(): number[] {
    const { plane, running } = this.#parts;
    const pids: Partial<Record<Component, number>> = { ...plane.pids, ...running.pids, bench: process.pid };
    return COMPONENTS.map((name) => cpuMsOf(pids[name]));
  }

  async #outcome(members: number): Promise<Outcome> {
    const read = async (path: string) =>
      ((await persist(this.#parts.plane.admin, { method: 'GET', path, timeoutMs: 60_000 })) as { items: unknown })
        .items;
    const nodes = (await read('/api/v1/nodes')) as NodeAmounts[];
    return outcomeOf(nodes, (await read(PODS)) as Pod[], members);
  }
}
