import { findBinaries } from '../../test/e2e/harness/binaries.ts';
import { createNodes } from '../../test/e2e/harness/cluster.ts';
import { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import { applyAccess } from '../../test/e2e/harness/world.ts';
import { progress } from '../support/progress.ts';
import { MACHINE, revision } from '../support/report.ts';
import { measure } from './measure.ts';
import type { PeersOptions, Sizes } from './options.ts';
import { letSchedulersDoAll, NATIVE_FLAGS } from './prepare.ts';
import { pathsOf } from './programs.ts';
import { appendRecord, has, orderOf, readRecords, type Record } from './records.ts';
import type { Side } from './sides.ts';

const NATIVE_MINOR = 36;

/** Measures what is not in the file yet. @returns all of the file, or of this run where no file is named */
export async function runPeers(sides: readonly Side[], options: PeersOptions): Promise<readonly Record[]> {
  const records = options.file === undefined ? [] : readRecords(options.file);
  const untilMs = performance.now() + options.minutes * 60_000;
  for (const sizes of options.sizes) {
    const missing = missingOf(records, { sides, sizes, rounds: options.rounds });
    if (missing.length === 0 || performance.now() >= untilMs) continue;
    const plane = await planeFor(sides, sizes);
    try {
      for (const { side, round } of missing) {
        if (performance.now() >= untilMs) break;
        progress(`${sizes.nodes} nodes, round ${round + 1} of ${options.rounds}: ${side.name}`);
        const record = await recordOf(plane, side, sizes, round);
        if (!record) continue;
        records.push(record);
        if (options.file !== undefined) appendRecord(options.file, record);
      }
    } finally {
      await plane.stop();
    }
  }
  progress('');
  return records;
}

interface Turn {
  readonly side: Side;
  readonly round: number;
}

function missingOf(
  records: readonly Record[],
  { sides, sizes, rounds }: { sides: readonly Side[]; sizes: Sizes; rounds: number },
): Turn[] {
  const turns = Array.from({ length: rounds }, (_, round) => orderOf(sides, round).map((side) => ({ side, round })));
  return turns.flat().filter(({ side, round }) => !has(records, { ...sizes, side: side.name, round }));
}

/** A cluster in which all of these schedulers can run, one after the other. */
async function planeFor(sides: readonly Side[], { nodes, cores, qps }: Sizes): Promise<ControlPlane> {
  const binaries = await findBinaries((line) => console.error(line));
  if (typeof binaries === 'string') throw new Error(`There is no control plane: ${binaries}.`);
  const isNative = sides.some((side) => side.isNative);
  if (isNative && binaries.schedulerMinor !== NATIVE_MINOR)
    throw new Error(
      `native needs kube-scheduler 1.${NATIVE_MINOR}, this is 1.${binaries.schedulerMinor}. Set KUBEBUILDER_ASSETS to a ` +
        'folder with that version, or leave native out of --sides.',
    );
  progress(`${nodes} nodes: starts etcd and kube-apiserver`);
  const plane = await ControlPlane.start(binaries, isNative ? NATIVE_FLAGS : {});
  try {
    await applyAccess(plane);
    await letSchedulersDoAll(plane);
    for (const { name, prepare, needs } of sides) await prepare?.({ plane, qps, paths: pathsOf(name, needs) });
    await createNodes(plane.admin, nodes, { cpu: cores, memoryGib: 4 * cores });
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

/** @returns undefined, after saying why, where the side does not get through: the others are measured all the same */
async function recordOf(plane: ControlPlane, side: Side, sizes: Sizes, round: number): Promise<Record | undefined> {
  try {
    const measured = await measure(plane, side, sizes, round);
    const by = { revision: revision(), machine: MACHINE, at: new Date().toISOString() };
    return { ...sizes, side: side.name, round, ...measured, ...by };
  } catch (error) {
    console.error(`${side.name}, ${sizes.nodes} nodes, round ${round + 1}: ${(error as Error).message}`);
    return undefined;
  }
}
