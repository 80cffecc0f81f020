import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparePreemption } from './fidelity/compare-preemption.ts';
import { compareScores } from './fidelity/compare-scores.ts';
import { record, recordMuster } from './fidelity/recording.ts';
import { GRACE_MS } from './fidelity/live-jobs.ts';
import { FidelityTable } from './fidelity/report.ts';
import type { LogEvent } from './fidelity/scheduler-log.ts';
import { meanOf, simulatedWait } from './fidelity/simulated-waits.ts';
import { gangs, priorities, taintsAndAffinity, tightPacking } from './fidelity/workloads.ts';
import { asTheyWere, cycleMsOf, graceMsOf, livesOf, waitsOf } from './fidelity/timing.ts';
import { findBinaries } from './harness/binaries.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { applyAccess } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** Ties fall by chance in the simulation: the mean over these seeds is compared. */
const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
/**
 * By how much a simulated mean wait may be off in one run. The real ones differ by up to 7 % from run to run, since chance
 * decides among victims and API calls take their time; the mean of several runs is off by less (docs/replay.md).
 */
const TOLERANCE = 0.1;
/** Here the real run has the same draws. */
const TOLERANCE_WITH_SAME_DRAWS = 0.05;

/** The draws of the real run. */
const SAME_SEED = [1];

/** `.ci/run` plays one workload of each kind; `npm run test:e2e -- test/e2e/fidelity.test.ts` all. */
const isShort = process.env['MUSTER_E2E'] === 'short';
const WORKLOADS = isShort ? [priorities()] : [tightPacking(), priorities(), taintsAndAffinity()];
const POLICIES = isShort ? ['muster'] : ['muster', 'fifo-gang'];

const attemptsOf = (events: readonly LogEvent[]) => events.filter(({ kind }) => kind === 'attempt').length;

/** What docs/replay.md says of how far off a replay is. */
describe.skipIf(typeof binaries === 'string')('the simulated kube-scheduler beside the real one', () => {
  const table = new FidelityTable();
  let plane: ControlPlane;

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await applyAccess(plane);
  });

  afterAll(async () => {
    console.log(String(table));
    await plane?.stop();
  });

  test.each(WORKLOADS)('$name', async (workload) => {
    const recording = await record(plane, workload);
    const compared = { ...compareScores(workload, recording), ...comparePreemption(workload, recording) };
    const { events } = recording;
    const lives = livesOf(events);
    const measured = { cycleMs: cycleMsOf(events), graceMs: graceMsOf(events) };
    const played = { ...workload, jobs: asTheyWere(workload.jobs, lives) };
    const simulatedMs = await simulatedWait(played, 'kube-default', measured, SEEDS);
    const realMs = meanOf(waitsOf(lives));
    table.add(workload.name, { ...measured, ...compared, attempts: attemptsOf(events), realMs, simulatedMs });
    const { filters, scores, choices, victims, nodes } = compared;
    for (const { first } of [filters, scores, choices, victims, nodes]) for (const one of first) console.log(one);
    expect(choices.all).toBeGreaterThan(100);
    expect(filters.share).toBeGreaterThanOrEqual(0.99);
    expect(scores.share).toBeGreaterThanOrEqual(0.99);
    expect(choices.share).toBeGreaterThanOrEqual(0.99);
    expect(victims.share).toBeGreaterThanOrEqual(0.95);
    expect(nodes.share).toBeGreaterThanOrEqual(0.95);
    expect(nodes.all).toBeGreaterThanOrEqual(workload.name === 'priorities' ? 30 : 0);
    expect(Math.abs(simulatedMs / realMs - 1)).toBeLessThan(TOLERANCE);
  });

  test.each(POLICIES)('gangs under %s', async (policy) => {
    const workload = gangs();
    const { events, waits } = await recordMuster(plane, workload, policy);
    const measured = { cycleMs: cycleMsOf(events), graceMs: GRACE_MS };
    const simulatedMs = await simulatedWait(workload, policy, measured, SAME_SEED);
    const realMs = meanOf([...waits.values()]);
    table.add(`gangs under ${policy}`, { ...measured, attempts: attemptsOf(events), realMs, simulatedMs });
    expect(Math.abs(simulatedMs / realMs - 1)).toBeLessThan(TOLERANCE_WITH_SAME_DRAWS);
  });
});
