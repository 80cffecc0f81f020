import type { Resources } from '../../core/resources.ts';
import { seeded, type Random } from '../random.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** cores and GiB (overhead included) of an executor, with weights: assumed, after published Spark set-ups. */
const SHAPES: readonly (readonly [readonly [cores: number, gib: number], number])[] = [
  [[1, 4], 0.1],
  [[2, 8], 0.2],
  [[4, 16], 0.4],
  [[5, 20], 0.2],
  [[8, 32], 0.1],
];
const MEMORY_FACTORS: readonly (readonly [number, number])[] = [
  [1, 0.7],
  [2, 0.15],
  [0.5, 0.15],
];
const PRIORITIES: readonly (readonly [number, number])[] = [
  [0, 0.25],
  [1, 0.6],
  [2, 0.15],
];

export const DRIVER: Resources = amounts(1000, 4 * GIB);

export function amounts(cpuMilli: number, memoryBytes: number, gpus = 0): Resources {
  const out = new Map([
    ['cpu', cpuMilli],
    ['memory', memoryBytes],
  ]);
  if (gpus > 0) out.set('nvidia.com/gpu', gpus);
  return out;
}

export const mib = (count: number) => count * MIB;

export function drawWorker(random: Random): Resources {
  const [cores, gib] = random.pick(SHAPES);
  return amounts(cores * 1000, gib * random.pick(MEMORY_FACTORS) * GIB);
}

export const drawPriority = (random: Random): number => random.pick(PRIORITIES);

/** The worker size and priority of a job whose trace lacks them; the same in every run with the seed. */
export function drawFor(seed: number, id: string): { readonly worker: Resources; readonly priority: number } {
  const random = seeded(seed, 'shape', id);
  return { worker: drawWorker(random), priority: drawPriority(random) };
}

export const DRAWN_SHAPES =
  'worker shapes (cores, GiB): (1,4) .10, (2,8) .20, (4,16) .40, (5,20) .20, (8,32) .10; memory x2 for 15 %, /2 for 15 %';
export const DRAWN_PRIORITIES = 'priorities: 0 .25, 1 .60, 2 .15';
export const ADDED_DRIVER = 'each job got a driver of 1 core and 4 GiB, and needs all its workers (min = count)';
