import type { PodInfo, EvictionTraits, PriorityRequest } from '../../src/core/model.ts';
import { boundTo, GangBuilder, pod, type PodOptions } from './builders.ts';
import type { World } from './world.ts';

export interface AppOptions {
  readonly priority?: number;
  readonly queue?: string;
  /** Cores of an executor. */
  readonly cpu?: number;
  /** Of each member of a gang without a leader's role, in GiB; absent: 0. */
  readonly memoryGib?: number;
  /** Cores of the driver. */
  readonly driverCpu?: number;
  /** Executors that it needs; absent: all that run. */
  readonly min?: number;
  /** Minutes that it has run; absent: 60. */
  readonly age?: number;
  readonly evictionTraits?: EvictionTraits;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priorityRequest?: PriorityRequest;
}

const MINUTE_MS = 60_000;

/**
 * A Spark app that runs: `place` is the driver's node, then the executors'. Pods are called `NAME-driver` and
 * `NAME-1`, `NAME-2` ... The world's clock must be past its age.
 */
export function runApp(world: World, name: string, place: readonly string[], options: AppOptions = {}): PodInfo[] {
  const [driverNode, ...nodes] = place;
  const { cpu = 1, driverCpu = 1, min = nodes.length, age = 60, priority = 0, queue = 'default' } = options;
  const gang = new GangBuilder(
    name,
    { driver: { count: 1, cpu: driverCpu }, executor: { count: Math.max(min, nodes.length), min, cpu } },
    { priority, queue },
  );
  const more = (one: PodInfo): PodInfo => ({
    ...one,
    labels: new Map(Object.entries(options.labels ?? {})),
    evictionTraits: { startedMs: world.nowMs - age * MINUTE_MS, ...options.evictionTraits },
    ...(options.priorityRequest ? { priorityRequest: options.priorityRequest } : {}),
  });
  const pods = [more(gang.leader(`${name}-driver`))];
  nodes.forEach((_, i) =>
    pods.push({ ...more(gang.member('executor', i)), uid: `${name}-${i + 1}`, name: `${name}-${i + 1}` }),
  );
  pods.forEach((one, i) => world.bind(one, i === 0 ? driverNode! : nodes[i - 1]!));
  return pods;
}

/** A gang without a leader's role: all its members are equals. */
export function runSingleRoleGang(
  world: World,
  name: string,
  nodes: readonly string[],
  options: AppOptions = {},
): PodInfo[] {
  const { cpu = 1, memoryGib = 0, min = nodes.length, age = 60, priority = 0, queue = 'default' } = options;
  const gang = new GangBuilder(name, { worker: { count: nodes.length, min, cpu, memoryGib } }, { priority, queue });
  return nodes.map((node, i) => {
    const evictionTraits = { startedMs: world.nowMs - age * MINUTE_MS, ...options.evictionTraits };
    const one = { ...gang.leader(`${name}-${i + 1}`), evictionTraits };
    world.bind(one, node);
    return one;
  });
}

/** A pod of no gang that runs. */
export function runPod(world: World, name: string, node: string, options: PodOptions & AppOptions = {}): PodInfo {
  const { age = 60, evictionTraits, ...rest } = options;
  const one = { ...pod(name, rest), evictionTraits: { startedMs: world.nowMs - age * MINUTE_MS, ...evictionTraits } };
  world.bind(one, node);
  return boundTo(one, node);
}

export interface WantedOptions extends AppOptions {
  readonly executors?: number;
}

/** The leader of a Spark app that waits, named `NAME-driver`. */
export function wanted(name: string, options: WantedOptions = {}): { gang: GangBuilder; leader: PodInfo } {
  const { executors = 0, cpu = 1, driverCpu = 1, min = executors, priority = 100, queue = 'default' } = options;
  const gang = new GangBuilder(
    name,
    { driver: { count: 1, cpu: driverCpu }, executor: { count: executors, min, cpu } },
    { priority, queue },
  );
  const { evictionTraits, priorityRequest } = options;
  const leader = gang.leader(`${name}-driver`);
  return {
    gang,
    leader: {
      ...leader,
      ...(evictionTraits ? { evictionTraits } : {}),
      ...(priorityRequest ? { priorityRequest } : {}),
    },
  };
}
