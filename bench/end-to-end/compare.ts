import { findBinaries, type Binaries } from '../../test/e2e/harness/binaries.ts';
import { createNodes } from '../../test/e2e/harness/cluster.ts';
import { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import { applyAccess } from '../../test/e2e/harness/world.ts';
import type { BenchmarkContext, Check, Result } from '../support/benchmark.ts';
import { median, summarize } from '../support/statistics.ts';
import { measure, type Measured } from './measure.ts';
import type { Side } from './sides.ts';

export interface Comparison {
  /** All others are compared with the first. */
  readonly sides: readonly Side[];
  readonly nodes: number;
  readonly pods: number;
  readonly rounds: number;
  /** The least speed of a side, as a multiple of the first side's. */
  readonly atLeast?: Readonly<Record<string, number>>;
}

const NODE = { cpu: 16, memoryGib: 64 };

/** The binaries of a control plane; undefined, after printing the reason, if there are none. */
export async function binariesOrSay(name: string): Promise<Binaries | undefined> {
  const binaries = await findBinaries((line) => console.log(line));
  if (typeof binaries !== 'string') return binaries;
  console.log(`${name} is skipped: ${binaries}`);
  return undefined;
}

/** Measures every side once per round. Each round begins with another side. */
export async function compare(
  binaries: Binaries,
  comparison: Comparison,
  { progress }: Pick<BenchmarkContext, 'progress'>,
): Promise<readonly Result[]> {
  const { sides, nodes, pods, rounds } = comparison;
  const plane = await ControlPlane.start(binaries);
  try {
    await applyAccess(plane);
    await createNodes(plane.admin, nodes, NODE);
    const measured = sides.map((): Measured[] => []);
    for (let i = 0; i < rounds * sides.length; i++) {
      const round = Math.floor(i / sides.length);
      const at = (i + round) % sides.length;
      progress(`${nodes} nodes, round ${round + 1} of ${rounds}: ${sides[at]!.name}`);
      measured[at]!.push(await measure(plane, sides[at]!, { nodes, pods }));
    }
    return sides.flatMap((side, i) => resultsOf(comparison, side, measured[i]!, measured[0]!));
  } finally {
    await plane.stop();
  }
}

function resultsOf(
  { nodes, atLeast, sides }: Comparison,
  { name }: Side,
  measured: readonly Measured[],
  base: readonly Measured[],
): Result[] {
  const at = `${nodes} nodes, ${name}`;
  const rates = measured.map(({ podsPerSecond }) => podsPerSecond);
  const sums = measured.map(sumOf);
  const ratios = rates.map((rate, i) => rate / base[i]!.podsPerSecond);
  const isBase = measured === base;
  const limit = atLeast?.[name];
  const what = `x ${sides[0]!.name}`;
  const checks: Check[] = limit === undefined ? [] : [{ what, value: median(ratios), limit, atLeast: true }];
  return [
    figures(`${at}: pods bound per second`, '1/s', rates),
    ...(isBase ? [] : [{ ...figures(`${at}: ${what}`, 'x', ratios), checks }]),
    { ...figures(`${at}: processor time per pod`, 'ms', sums), extra: mediansOf(measured) },
  ];
}

/** With a handful of rounds there is no 99th percentile. */
function figures(name: string, unit: Result['unit'], values: readonly number[]): Result {
  const { median: middle, spread, samples } = summarize(name, unit, values);
  return { name, unit, median: middle, ...(spread ? { spread } : {}), samples };
}

const sumOf = ({ cpuMs }: Measured) => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);

function mediansOf(measured: readonly Measured[]): Record<string, number> {
  const names = Object.keys(measured[0]!.cpuMs) as (keyof Measured['cpuMs'])[];
  return Object.fromEntries(
    names.map((name) => [name, Number(median(measured.map(({ cpuMs }) => cpuMs[name])).toFixed(2))]),
  );
}
