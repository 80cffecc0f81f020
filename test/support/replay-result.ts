import type {
  GroupRow,
  OpenQuantiles,
  Occupancy,
  PolicyResult,
  Quantiles,
  ReplayResult,
  Series,
} from '../../src/replay/result.ts';

const none: Quantiles = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
export const noneOpen: OpenQuantiles = { ...none, open: 0, atLeast: [] };
const STEPS = 24;
export const STEP_MS = 2 ** 12 * 1000;

/** A sample without open values: say only what the test is about. */
export const closed = (change: Partial<OpenQuantiles> = {}): OpenQuantiles => ({ ...noneOpen, count: 10, ...change });

export const groupRow = (name: string, change: Partial<GroupRow> = {}): GroupRow => ({
  name,
  jobs: 10,
  done: 10,
  waitMs: closed({ mean: 12_000, p50: 9_000, p95: 61_000 }),
  slowdown: closed({ mean: 1.5, p95: 4 }),
  ...change,
});

/** About a day whose figures rise and fall, so that every chart has something to draw. */
export function series(shift: number, steps = STEPS): Series {
  const over = (value: (step: number) => number) => Array.from({ length: steps }, (_, step) => value(step));
  const wave = (step: number) => Math.abs(Math.sin(step / 4 + shift));
  return {
    stepMs: STEP_MS,
    work: over((step) => wave(step) / 2),
    partial: over((step) => wave(step) / 10),
    starting: over((step) => wave(step) / 20),
    reserved: over(() => 0.01 * shift),
    broken: over((step) => wave(step) / 40),
    stranded: over(() => 0.02 * shift),
    waitingJobs: over((step) => (step % 5) + shift),
    workingJobs: over((step) => (step % 7) + shift),
  };
}

const occupancy: Occupancy = {
  stepMs: STEP_MS,
  nodesPerRow: 1,
  bound: ['0123456789', '9876543210'],
  stranded: ['0000000000', '0000111100'],
};

/** Jobs of a policy by how they stand: say only those that are not done. */
export const outcomes = (jobs: number, others: Partial<PolicyResult['outcomes']> = {}): PolicyResult['outcomes'] => ({
  jobs,
  done: jobs,
  failed: 0,
  abandoned: 0,
  larger: 0,
  deadlocked: 0,
  waiting: 0,
  working: 0,
  ...others,
});

/** A policy's figures, all well: say in the test only what the test is about. */
export const policyResult = (policy: string, change: Partial<PolicyResult> = {}): PolicyResult => ({
  policy,
  source: `policies/${policy}.yaml`,
  policyText: `- name: ${policy}\n`,
  outcomes: outcomes(10),
  waitMs: { ...noneOpen, count: 10, mean: 12_000, p50: 9_000, p95: 61_000, p99: 3_660_000, max: 90_000_000 },
  largeWaitMs: { ...noneOpen, count: 3, mean: 50_000, p50: 50_000, p95: 70_000, p99: 70_000, max: 70_000 },
  slowdown: { ...noneOpen, count: 10, mean: 2.5, p50: 1, p95: 12, p99: 20, max: 30 },
  completionMs: { ...noneOpen, count: 10, mean: 120_000, p50: 90_000, p95: 900_000 },
  work: { submitted: 360_000, done: 360_000, lostToEvictions: 0, lostToFailures: 0 },
  workShare: { window: 0.5, makespan: 0.4 },
  makespanMs: 90_061_000,
  endMs: 90_061_000,
  idle: { partial: 0, starting: 7_200, reserved: 3_600, broken: 0 },
  foretold: {
    starts: 4,
    kept: 2,
    overtaken: 1,
    late: 1,
    lateMs: { ...noneOpen, count: 1, mean: 90_000, p50: 90_000, p95: 90_000, p99: 90_000, max: 90_000 },
    startError: 0.25,
    runs: 8,
    runError: Math.log(1.5),
    withinP90: 0.875,
  },
  evictions: 0,
  gangsBroken: 0,
  deadlines: 0,
  deadlinesMissed: 0,
  inversionSeconds: 0,
  overcommits: 0,
  nodeFailures: 0,
  podsBound: 60,
  decisions: { filter: 1000, prioritize: 200, preempt: 34 },
  invariantChecks: 3,
  groups: [],
  fairness: [],
  queues: {
    jain: 0.98,
    worst: { queue: 'a', underMs: 120_000 },
    reclaims: { count: 1, gangs: 1, pods: 2 },
    cycles: 0,
    rows: [
      { queue: 'a', entitled: 0.4, held: 0.3, served: 0.75, underMs: 120_000 },
      { queue: 'b', entitled: 0.2, held: 0.3, served: 1, underMs: 0 },
    ],
  },
  waitCurve: Array.from({ length: 201 }, (_, i) => i * 1000),
  series: series(policy.length),
  occupancy,
  ...change,
});

export const replayResult = (policies: readonly PolicyResult[], change: Partial<ReplayResult> = {}): ReplayResult => ({
  version: 3,
  muster: '0.0.0',
  command: ['muster', 'replay'],
  trace: { name: 'day.csv', format: 'itp', sha256: 'abc', jobs: 10, pods: 60 },
  nodes: { name: 'nodes.json', count: 4, cpuMilli: 16_000, memoryBytes: 2 ** 36 },
  work: { model: 'gang', minRegisteredRatio: 0.8, maxRegisteredWaitMs: 30_000, serialFraction: 0.05 },
  offered: { load: 0.9, resource: 'cpu', windowMs: 86_400_000 },
  seed: 7,
  changes: ['submissions 10 times denser'],
  options: ['a bind takes 20 ms (assumed)'],
  notes: ['each job got a driver'],
  drawn: ['priorities'],
  complete: true,
  policies,
  latency: policies.map(({ policy }) => ({
    policy,
    filterUs: { ...none, count: 1000, p50: 12.4, p99: 99.6 },
    decisionsPerSecond: 5432.1,
    wallSeconds: 1,
  })),
  ...change,
});
