import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { SchedulerStats } from '../core/decision.ts';
import type { Effect } from '../core/effects.ts';
import type { DecisionRecord } from '../extender/verbs.ts';
import { VERSION } from '../version.ts';
import { promiseMetrics } from './promise-metrics.ts';

export interface Metrics {
  readonly registry: Registry;
  readonly onDecision: (record: DecisionRecord) => void;
  readonly onEffects: (effects: readonly Effect[]) => void;
  /** A policy file was read at this wall time (ms); undefined: it was rejected. */
  readonly onPolicies: (loadedMs: number | undefined) => void;
  /** The wall clock was set by this much, in ms. */
  readonly onClockSet: (jumpMs: number) => void;
}

/** 50 µs to 5 s, the default httpTimeout of an extender. */
const SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** Metrics `muster_*` in base units. There is no series per node, pod or gang, so that a scrape stays cheap. */
export function buildMetrics(stats: () => SchedulerStats, nowMs: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  registerProcess(registry);
  const decisions = new Histogram({
    name: 'muster_decision_duration_seconds',
    help: 'Time to decide and encode one extender request, by verb and outcome.',
    labelNames: ['verb', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const onVictims = victimCounters(registers);
  const onPromise = promiseMetrics(registers);
  const effects = new Counter({
    name: 'muster_effects_total',
    help: 'Effects of decisions and events, by kind: gangs admitted, slots moved, evictions planned and so on.',
    labelNames: ['kind'],
    registers,
  });
  registerState(registers, stats, nowMs);
  const onEffect = (effect: Effect) => {
    effects.inc({ kind: effect.kind });
    if (effect.kind === 'eviction-planned') onVictims(effect);
    if (effect.kind === 'start-kept' || effect.kind === 'start-late') onPromise(effect);
  };
  return {
    registry,
    onDecision: ({ verb, outcome, seconds }) => decisions.observe({ verb, outcome }, seconds),
    onEffects: (list) => list.forEach(onEffect),
    onPolicies: policyReloads(registers),
    onClockSet: clockJumps(registers),
  };
}

function policyReloads(registers: Registry[]): Metrics['onPolicies'] {
  const failures = new Counter({
    name: 'muster_policy_reload_failures_total',
    help: 'Policy files that were rejected; the old policies stayed in force.',
    registers,
  });
  const loaded = new Gauge({
    name: 'muster_policy_loaded_timestamp_seconds',
    help: 'Unix time at which the policies in force were read.',
    registers,
  });
  return (loadedMs) => (loadedMs === undefined ? failures.inc() : loaded.set(loadedMs / 1000));
}

function clockJumps(registers: Registry[]): Metrics['onClockSet'] {
  const jumps = new Counter({
    name: 'muster_clock_jumps_total',
    help: 'Times the wall clock was set by 2 s or more, or the machine slept, by direction: back, forward.',
    labelNames: ['direction'],
    registers,
  });
  return (jumpMs) => jumps.inc({ direction: jumpMs < 0 ? 'back' : 'forward' });
}

/** Metrics of the process, and the versions that run. */
function registerProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  // The versions are labels, so that any other metric can be joined with them.
  const build = new Gauge({
    name: 'muster_build_info',
    help: 'Always 1, by version of muster and of Node.js.',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  build.set({ version: VERSION, node: process.version }, 1);
}

/** Counts the victims of eviction plans, and their cost. */
function victimCounters(registers: Registry[]) {
  const victims = new Counter({
    name: 'muster_victims_total',
    help: 'Pods chosen as victims to make room for a gang, by role: leader (its whole gang is evicted), member, single (in no gang).',
    labelNames: ['role'],
    registers,
  });
  const lost = new Counter({
    name: 'muster_victim_core_seconds_total',
    help: "Eviction cost of the victims in core-seconds, by their policies' weights.",
    registers,
  });
  return ({ victims: list, isRestored }: Extract<Effect, { kind: 'eviction-planned' }>) => {
    if (isRestored) return;
    for (const { isLeader, gang, coreSeconds } of list) {
      victims.inc({ role: isLeader ? 'leader' : gang === undefined ? 'single' : 'member' });
      lost.inc(coreSeconds);
    }
  };
}

/** Gauges of the current state; they are read on each scrape. */
function registerState(registers: Registry[], stats: () => SchedulerStats, nowMs: () => number): void {
  const state = (name: string, help: string, read: (gauge: Gauge, now: SchedulerStats) => void, label?: string) =>
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers,
      collect() {
        this.reset();
        read(this, stats());
      },
    });
  const phases = (gauge: Gauge, { gangs }: SchedulerStats) => {
    for (const [phase, count] of Object.entries(gangs)) gauge.set({ phase }, count);
  };
  state(
    'muster_gangs',
    'Gangs by phase: waiting, starting, running, degraded (a slot lost its room).',
    phases,
    'phase',
  );
  for (const [part, what] of CAPACITY) {
    const amounts = (gauge: Gauge, now: SchedulerStats) => {
      for (const [resource, amount] of now[part]) gauge.set({ resource }, resource === 'cpu' ? amount / 1000 : amount);
    };
    state(`muster_${part}`, `${what}: cpu in cores, memory in bytes, others in their unit.`, amounts, 'resource');
  }
  const count = (name: string, help: string, read: (now: SchedulerStats) => number) =>
    state(name, help, (gauge, now) => gauge.set(read(now)));
  count('muster_gangs_with_start_time', 'Waiting gangs that have been told a start time.', (now) => now.foretold);
  count('muster_victims_leaving', 'Victims that are being evicted and are not gone yet.', (now) => now.victims);
  count('muster_nodes', 'Nodes in the snapshot.', ({ nodes }) => nodes);
  count('muster_pods', 'Bound pods in the snapshot.', ({ pods }) => pods);
  state(
    'muster_snapshot_age_seconds',
    'Time since the last event from the cluster; -1 before the first.',
    (gauge, now) => gauge.set(now.lastEventMs === undefined ? -1 : (nowMs() - now.lastEventMs) / 1000),
  );
}

const CAPACITY = [
  ['reserved', 'Room reserved for members that are not bound yet'],
  ['free', 'Room neither bound nor reserved'],
  ['allocatable', 'Allocatable of all nodes'],
] as const;
