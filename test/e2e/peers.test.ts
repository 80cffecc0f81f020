import { describe, expect, test } from 'vitest';
import type { PeersOptions } from '../../bench/peers/options.ts';
import { runPeers } from '../../bench/peers/run.ts';
import { sidesNamed } from '../../bench/peers/sides.ts';
import { findBinaries } from './harness/binaries.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** kube-scheduler's own gangs have the API of this version alone. */
const hasNative = typeof binaries !== 'string' && binaries.schedulerMinor === 36;
const NAMES = ['kube-scheduler', 'kube-scheduler-100', 'muster', 'muster-adaptive', 'muster-100'];

const SIZES = { nodes: 40, cores: 4, gangs: 5, executors: 4, qps: 1000, driverFirst: false };
const OPTIONS: PeersOptions = { sizes: [SIZES], sides: undefined, rounds: 1, file: undefined, minutes: Infinity };

describe.skipIf(typeof binaries === 'string')('bench:peers', () => {
  test('every side that needs no program of the user binds all gangs, whole and within the nodes', async () => {
    const names = hasNative ? [...NAMES, 'native'] : NAMES;
    const records = await runPeers(sidesNamed(names), OPTIONS);
    expect(records.map(({ side }) => side)).toEqual(names);
    for (const { side, bound, partialGangs, overcommittedNodes, gangP50, cpuMs } of records) {
      expect([side, bound, partialGangs, overcommittedNodes]).toEqual([side, 25, 0, 0]);
      expect(gangP50).toBeGreaterThan(0);
      expect(cpuMs.muster > 0).toBe(side.startsWith('muster'));
    }
  });
});
