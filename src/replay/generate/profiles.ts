import type { NodeInfo } from '../../core/model.ts';
import { MusterError } from '../../core/errors.ts';
import { toNode } from '../trace/nodes.ts';

/** The size of a generated workload. Everything else is the same in all profiles. */
export interface Profile {
  readonly name: string;
  readonly jobsPerDay: number;
  readonly nodes: number;
  /** The hours between storms, in which one tenant submits many jobs within a minute; 0: never. */
  readonly stormEveryHours: number;
  /** The share of the scheduled jobs, and of those that fan out, that are runs of apps that come again and again. */
  readonly recurring: number;
}

/** Assumed. */
const RECURRING = 0.8;

/** The sizes S, M, L and XL; lyft-day is L without storms, the size that Lyft reports (100,000 batch jobs a day). */
export const PROFILES: readonly Profile[] = [
  { name: 'S', jobsPerDay: 3000, nodes: 200, stormEveryHours: 6, recurring: RECURRING },
  { name: 'M', jobsPerDay: 30_000, nodes: 1000, stormEveryHours: 6, recurring: RECURRING },
  { name: 'L', jobsPerDay: 100_000, nodes: 3000, stormEveryHours: 6, recurring: RECURRING },
  { name: 'XL', jobsPerDay: 300_000, nodes: 5000, stormEveryHours: 6, recurring: RECURRING },
  { name: 'lyft-day', jobsPerDay: 100_000, nodes: 3000, stormEveryHours: 0, recurring: RECURRING },
];

/** @throws MusterError MUSTER_USAGE */
export function profileNamed(name: string): Profile {
  const profile = PROFILES.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (profile) return profile;
  throw new MusterError(
    'MUSTER_USAGE',
    `Unknown profile "${name}"; expected one of ${PROFILES.map((one) => one.name).join(', ')}.`,
  );
}

const ZONES = 5;
const RACKS_PER_ZONE = 20;
/** A node of 32 cores and 128 GiB, less the share of the system and of daemon sets. */
const NODE = { cpuMilli: 31_000, memoryBytes: 119 * 2 ** 30, gpus: 0 } as const;

/** The profile's cluster: equal nodes in five zones of twenty racks. */
export function profileNodes({ nodes }: Profile): readonly NodeInfo[] {
  return Array.from({ length: nodes }, (_, i) => {
    const zone = `zone-${i % ZONES}`;
    const rack = `${zone}-rack-${Math.floor(i / ZONES) % RACKS_PER_ZONE}`;
    return toNode(`node-${i}`, {
      ...NODE,
      labels: { 'topology.kubernetes.io/zone': zone, 'topology.kubernetes.io/rack': rack },
    });
  });
}
