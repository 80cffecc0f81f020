import { parseArgs } from 'node:util';
import type { NodeInfo } from '../src/core/model.ts';
import { PRESETS } from '../src/core/policy/presets.ts';
import type { Rules } from '../src/core/policy/rules.ts';
import { EVERY_RESOURCE, plainQueue, type QueueSpec, type Tenancy } from '../src/core/policy/tenancy.ts';
import { generateTrace } from '../src/replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../src/replay/generate/profiles.ts';
import { offeredLoad } from '../src/replay/offered-load.ts';
import { DEFAULT_REPLAY } from '../src/replay/options.ts';
import { replay } from '../src/replay/replay.ts';
import { span } from '../src/replay/report/format.ts';
import type { PolicyResult } from '../src/replay/result.ts';
import type { Trace, TraceJob } from '../src/replay/trace/job.ts';
import { readTrace } from '../src/replay/trace/read-trace.ts';
import { select } from '../src/replay/trace/select.ts';

/**
 * Prints the tables of docs/benchmarks.md about tenants. Each tenant is a queue that is guaranteed an equal part of the
 * cluster under every policy, so that all are measured by the same entitlement; there are as few nodes as make the
 * offered load.
 */
const USAGE = `npm run bench:tenants -- [--cases philly,lyft-day] [--policies muster-fair,...] [--jobs 2700] [--load 1.1]
  [--seeds 1,2,3]`;

const CASES: Readonly<Record<string, (seed: number, maxJobs: number) => Promise<Trace>>> = {
  philly: async (seed, maxJobs) => {
    const trace = await readTrace('bench/traces/msft-philly/philly.csv.gz', { seed });
    return select(thinned(trace, maxJobs), { speed: 200, shorten: 20 });
  },
  // A whole day, with fewer jobs on fewer nodes.
  'lyft-day': (seed, maxJobs) =>
    Promise.resolve(generateTrace({ ...profileNamed('lyft-day'), jobsPerDay: maxJobs }, { seed })),
};

/** Every so many-th job of each tenant, so that all of the trace's time and tenants are in it. */
function thinned(trace: Trace, maxJobs: number): Trace {
  const every = Math.ceil(trace.jobs.length / maxJobs);
  const seen = new Map<string, number>();
  const isKept = ({ namespace }: TraceJob) => {
    const before = seen.get(namespace) ?? 0;
    seen.set(namespace, before + 1);
    return before % every === 0;
  };
  return { ...trace, jobs: trace.jobs.filter(isKept) };
}

const POLICIES = ['fifo-gang', 'muster', 'muster-fair', 'fair-soon', 'kueue-like', 'yunikorn-like'];

/** The presets, and `muster-fair` that reclaims after a minute. */
function presetNamed(name: string): Rules | undefined {
  const rules = PRESETS.get(name === 'fair-soon' ? 'muster-fair' : name);
  if (!rules || name !== 'fair-soon') return rules;
  const soon = (queue: QueueSpec): QueueSpec =>
    queue.reclaim ? { ...queue, reclaim: { ...queue.reclaim, afterMs: 60_000, patienceMs: 300_000 } } : queue;
  return { ...rules, tenancy: { ...rules.tenancy, queues: rules.tenancy.queues.map(soon) } };
}

/** The preset with a queue for each namespace, where it has none; and each queue with its part guaranteed. */
function rulesFor(policy: string, guarantee: number): Rules {
  const [rules, fair] = [presetNamed(policy), presetNamed('muster-fair')];
  if (!rules || !fair) throw new Error(`Unknown preset "${policy}".\n${USAGE}`);
  const own = rules.tenancy.queues.length > 0 ? rules.tenancy : sharedOut(fair.tenancy, rules.tenancy);
  const each = {
    ...plainQueue(''),
    guaranteed: { amounts: new Map(), shares: new Map([[EVERY_RESOURCE, guarantee]]) },
  };
  return { ...rules, tenancy: { ...own, queues: own.queues.map((queue): QueueSpec => ({ ...queue, each })) } };
}

/** The queues of one, without reclaim, and the turns of the other. */
const sharedOut = ({ queues, ...fair }: Tenancy, { fairness: { turns } }: Tenancy): Tenancy => ({
  ...fair,
  queues: queues.map((queue) => ({ ...queue, reclaim: undefined })),
  fairness: { ...fair.fairness, turns },
});

/** As many nodes as make the load. */
function nodesFor({ jobs }: Trace, load: number): readonly NodeInfo[] {
  const all = profileNodes(profileNamed('L'));
  const count = Math.ceil((offeredLoad(jobs, all).load / load) * all.length);
  return all.slice(0, Math.max(1, Math.min(count, all.length)));
}

interface Column {
  readonly head: string;
  readonly of: (result: PolicyResult) => number;
  readonly text: (value: number) => string;
}

const per100 = (count: number, { outcomes }: PolicyResult) => (100 * count) / outcomes.jobs;
const decimals = (digits: number) => (value: number) => value.toFixed(digits);
const COLUMNS: readonly Column[] = [
  { head: 'Jain', of: ({ queues }) => queues!.jain, text: decimals(3) },
  { head: 'longest under entitlement', of: ({ queues }) => queues!.worst.underMs, text: span },
  { head: 'reclaims / 100', of: (result) => per100(result.queues!.reclaims.count, result), text: decimals(2) },
  { head: 'gangs evicted / 100', of: (result) => per100(result.queues!.reclaims.gangs, result), text: decimals(2) },
  { head: 'cycles', of: ({ queues }) => queues!.cycles, text: decimals(0) },
  { head: 'wait mean', of: ({ waitMs }) => waitMs.mean, text: span },
  { head: 'wait p95', of: ({ waitMs }) => waitMs.p95, text: span },
  { head: 'work in window', of: ({ workShare }) => 100 * workShare.window, text: (value) => `${value.toFixed(1)} %` },
  { head: 'done', of: ({ outcomes }) => outcomes.done, text: decimals(0) },
];

/** The median, and the least and the most. */
function cellOf({ of, text }: Column, results: readonly PolicyResult[]): string {
  const values = results.map(of).sort((a, b) => a - b);
  const [least, median, most] = [0, values.length >> 1, values.length - 1].map((i) => text(values[i]!));
  return least === most ? median! : `${median} (${least} .. ${most})`;
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

async function resultOf(name: string, policy: string, seed: number): Promise<PolicyResult> {
  const { trace, nodes, tenants } = await workload(name, seed);
  const { policies } = await replay({
    trace,
    nodes,
    nodesName: 'preset:L',
    policies: [{ name: policy, rules: rulesFor(policy, 1 / tenants) }],
    options: { ...DEFAULT_REPLAY, seed },
  });
  return policies[0]!;
}

async function workload(name: string, seed: number) {
  const trace = await CASES[name]!(seed, Number(values.jobs));
  const tenants = new Set(trace.jobs.map(({ namespace }) => namespace)).size;
  return { trace, tenants, nodes: nodesFor(trace, Number(values.load)) };
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join(',') },
    policies: { type: 'string', default: POLICIES.join(',') },
    jobs: { type: 'string', default: '2700' },
    load: { type: 'string', default: '1.1' },
    seeds: { type: 'string', default: '1,2,3' },
  },
});
const seeds = values.seeds.split(',').map(Number);
for (const name of values.cases.split(',')) {
  if (!CASES[name]) throw new Error(`Unknown case "${name}".\n${USAGE}`);
  for (const seed of seeds) {
    const { trace, tenants, nodes } = await workload(name, seed);
    console.log(`${name}, seed ${seed}: ${trace.jobs.length} jobs, ${tenants} tenants, ${nodes.length} nodes`);
  }
  console.log(line(['policy', ...COLUMNS.map(({ head }) => head)]));
  console.log(line(['policy', ...COLUMNS].map(() => '---')));
  for (const policy of values.policies.split(',')) {
    const results: PolicyResult[] = [];
    for (const seed of seeds) results.push(await resultOf(name, policy, seed));
    console.log(line([policy, ...COLUMNS.map((column) => cellOf(column, results))]));
  }
}
