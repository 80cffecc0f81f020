import type { Candidates, Constraints, GangSpec, NodeInfo, PodInfo, Role, Taint } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type QueueRules } from '../../src/core/policy/policy.ts';
import type { Resources } from '../../src/core/resources.ts';

const GIB = 2 ** 30;

export interface Amounts {
  /** Whole or fractional cores. */
  readonly cpu: number;
  readonly memoryGib?: number;
  readonly gpu?: number;
}

export function resources({ cpu, memoryGib = 0, gpu = 0 }: Amounts, pods: number): Resources {
  const out = new Map([
    ['cpu', Math.round(cpu * 1000)],
    ['memory', memoryGib * GIB],
    ['pods', pods],
  ]);
  if (gpu > 0) out.set('nvidia.com/gpu', gpu);
  return out;
}

export interface NodeOptions extends Amounts {
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly images?: readonly string[];
}

/** A healthy node. Say in the test only what the test is about. */
export function node(name: string, { pods = 110, labels = {}, taints = [], ...rest }: NodeOptions): NodeInfo {
  return {
    name,
    labels: new Map(Object.entries(labels)),
    taints,
    unschedulable: rest.unschedulable ?? false,
    allocatable: resources({ memoryGib: 1024, ...rest }, pods),
    images: new Set(rest.images ?? []),
  };
}

export const NO_CONSTRAINTS: Constraints = { nodeSelector: new Map(), tolerations: [] };

export interface PodOptions extends Partial<Amounts> {
  readonly uid?: string;
  readonly priority?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly schedulerName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod of no gang that waits. */
export function pod(name: string, { cpu = 1, uid = name, ...options }: PodOptions = {}): PodInfo {
  return {
    uid,
    namespace: 'jobs',
    name,
    labels: new Map(Object.entries(options.labels ?? {})),
    schedulerName: options.schedulerName ?? 'muster',
    priority: options.priority ?? 0,
    request: resources({ cpu, ...options }, 1),
    constraints: { nodeSelector: new Map(Object.entries(options.nodeSelector ?? {})), tolerations: [] },
    images: [],
    terminal: false,
    deleting: false,
  };
}

export const boundTo = (bound: PodInfo, nodeName: string): PodInfo => ({ ...bound, node: nodeName });

export interface RoleOptions extends Amounts {
  readonly count: number;
  readonly min?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** A gang by its roles; the first leads. `leader()` and `member(role, i)` are its pods. */
export class GangBuilder {
  readonly spec: GangSpec;
  readonly priority: number;

  constructor(
    name: string,
    roles: Readonly<Record<string, RoleOptions>>,
    options: { queue?: string; priority?: number } = {},
  ) {
    this.priority = options.priority ?? 0;
    this.spec = {
      key: `jobs/${name}`,
      namespace: 'jobs',
      name,
      queue: options.queue ?? 'default',
      roles: Object.entries(roles).map(([role, { count, min = count, nodeSelector = {}, ...amounts }]): Role => ({
        name: role,
        count,
        min,
        request: resources(amounts, 1),
        constraints: { nodeSelector: new Map(Object.entries(nodeSelector)), tolerations: [] },
      })),
    };
  }

  leader(uid = `${this.spec.name}-${this.spec.roles[0]!.name}`): PodInfo {
    return this.#pod(this.spec.roles[0]!, uid, true);
  }

  member(role: string, i: number): PodInfo {
    return this.#pod(
      this.spec.roles.find(({ name }) => name === role)!,
      `${this.spec.name}-${role}-${i}`,
      false,
    );
  }

  #pod(role: Role, uid: string, declares: boolean): PodInfo {
    const membership = { gang: this.spec.key, role: role.name };
    return {
      ...pod(uid, { priority: this.priority }),
      request: role.request,
      constraints: role.constraints,
      membership: declares ? { ...membership, spec: this.spec } : membership,
    };
  }
}

/** A driver of 1 cpu and executors of `cpu` each; dynamic allocation where `min` is less. */
export function spark(
  name: string,
  executors: number,
  options: { cpu?: number; min?: number; priority?: number; queue?: string } = {},
) {
  const { cpu = 1, min = executors, ...rest } = options;
  return new GangBuilder(name, { driver: { count: 1, cpu: 1 }, executor: { count: executors, min, cpu } }, rest);
}

export function offer(names: readonly string[]): Candidates {
  const set = new Set(names);
  return { size: set.size, has: (name) => set.has(name), names: () => [...set] };
}

/** The default rules of a queue, but for what the test is about. */
export const queueWith = (change: Partial<QueueRules>): QueueRules => ({ ...DEFAULT_POLICY.queue, ...change });
