import type { PolicyResult, Quantiles, ReplayResult, Sample } from '../../src/replay/result.ts';

const none: Quantiles = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
const HOUR_MS = 3_600_000;

/** A day whose figures rise and fall, so that every chart has something to draw. */
const samples = (shift: number): Sample[] =>
  Array.from({ length: 24 }, (_, hour) => ({
    atMs: hour * HOUR_MS,
    bound: Math.abs(Math.sin(hour / 4 + shift)),
    working: Math.abs(Math.sin(hour / 4 + shift)) / 2,
    reserved: 0.01 * shift,
    fragmentation: 0.02 * shift,
    waitingGangs: (hour % 5) + shift,
    runningGangs: (hour % 7) + shift,
  }));

/** A policy's figures, all well: say in the test only what the test is about. */
export const policyResult = (policy: string, change: Partial<PolicyResult> = {}): PolicyResult => ({
  policy,
  jobs: 10,
  gangsDone: 10,
  gangsFailed: 0,
  gangsUnfinished: 0,
  gangsDeadlocked: 0,
  waitMs: { count: 10, mean: 12_000, p50: 9_000, p95: 61_000, p99: 3_660_000, max: 90_000_000 },
  completionMs: { ...none, count: 10, p50: 90_000, p95: 900_000 },
  makespanMs: 90_061_000,
  meanBound: 0.5,
  meanWorking: 0.4,
  meanFragmentation: 0.25,
  partialGangSeconds: 0,
  degradedGangSeconds: 0,
  overcommits: 0,
  invariantChecks: 3,
  decisions: { filter: 1000, prioritize: 200, preempt: 34 },
  podsBound: 60,
  waitHighestMs: none,
  evictions: 0,
  gangsBroken: 0,
  coreSecondsLost: 0,
  deadlines: 0,
  deadlinesMissed: 0,
  inversionSeconds: 0,
  nodeFailures: 0,
  samples: samples(policy.length),
  ...change,
});

export const replayResult = (policies: readonly PolicyResult[], change: Partial<ReplayResult> = {}): ReplayResult => ({
  version: 1,
  trace: { name: 'day.csv', format: 'itp', jobs: 10, pods: 60 },
  nodes: { name: 'nodes.json', count: 4, cpuMilli: 16_000, memoryBytes: 2 ** 36 },
  seed: 7,
  options: ['a bind takes 20 ms (assumed)'],
  notes: ['submission times divided by 10'],
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
