import type { GangSpec, PodInfo } from '../../src/core/model.ts';
import { resources, NO_CONSTRAINTS, pod } from './builders.ts';

export interface AppOptions {
  readonly namespace?: string;
  readonly user?: string;
  readonly queue?: string;
  readonly executors?: number;
  /** Executors that it needs to start; absent: all. */
  readonly min?: number;
  /** Cores of an executor; the driver has 1. */
  readonly cpu?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly gated?: true;
}

/** A Spark app of some tenant: `driver(...)` and `executor(i)` are its pods. */
export class TenantApp {
  readonly spec: GangSpec;
  readonly #options: AppOptions;

  constructor(name: string, options: AppOptions = {}) {
    const { namespace = 'jobs', queue = 'default', executors = 1, min = executors, cpu = 1 } = options;
    this.#options = options;
    const role = (of: string, count: number, least: number, cores: number) => ({
      name: of,
      count,
      min: least,
      request: resources({ cpu: cores }, 1),
      constraints: NO_CONSTRAINTS,
    });
    this.spec = {
      key: `${namespace}/${name}`,
      namespace,
      name,
      queue,
      roles: [role('driver', 1, 1, 1), role('executor', executors, min, cpu)],
      givesUp: { label: 'decommissioned', value: 'true' },
    };
  }

  /** @param said what it says otherwise than before */
  driver(said: Pick<AppOptions, 'queue' | 'labels'> = {}): PodInfo {
    const { user, gated, labels = {} } = this.#options;
    const spec = said.queue === undefined ? this.spec : { ...this.spec, queue: said.queue };
    return {
      ...this.#pod(`${this.spec.name}-driver`, 1, { ...labels, ...said.labels }),
      membership: { gang: spec.key, role: 'driver', spec, dialect: 'spark' },
      ...(user === undefined ? {} : { recurrence: { user } }),
      ...(gated ? { gated } : {}),
    };
  }

  executor(
    i: number,
    said: { readonly cpu?: number; readonly labels?: Readonly<Record<string, string>> } = {},
  ): PodInfo {
    const { cpu = said.cpu ?? 1 } = this.#options;
    const name = `${this.spec.name}-executor-${i}`;
    return {
      ...this.#pod(name, said.cpu ?? cpu, said.labels ?? {}),
      membership: { gang: this.spec.key, role: 'executor' },
    };
  }

  #pod(name: string, cpu: number, labels: Readonly<Record<string, string>>): PodInfo {
    const { namespace } = this.spec;
    return { ...pod(name, { cpu, labels, uid: `${namespace}/${name}` }), namespace };
  }
}
