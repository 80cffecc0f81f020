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
import type { Trace } from '../src/replay/trace/job.ts';
import { readTrace } from '../src/replay/trace/read-trace.ts';
import { select } from '../src/replay/trace/select.ts';

/**
 * Prints the tables of docs/benchmarks.md about tenants. Each tenant is a queue that is guaranteed an equal part of the
 * cluster under every policy, so that all are measured by the same entitlement; there are as few nodes as make the
 * offered load.
 */
const USAGE = `npm run bench:tenants -- [--cases philly,lyft-day] [--policies muster-fair,...] [--jobs 1000] [--load 1.1]
  [--seed 1]`;

const CASES: Readonly<Record<string, (seed: number, maxJobs: number) => Promise<Trace>>> = {
  philly: async (seed, maxJobs) => {
    const trace = await readTrace('bench/traces/msft-philly/philly.csv.gz', { seed });
    return select(thinned(trace, maxJobs), { speed: 200, shorten: 20 });
  },
  // A whole day, with fewer jobs on fewer nodes.
  'lyft-day': (seed, maxJobs) =>
    Promise.resolve(generateTrace({ ...profileNamed('lyft-day'), jobsPerDay: maxJobs }, { seed })),
};

/** Every so many-th job, so that all of the trace's time and tenants are in it. */
function thinned(trace: Trace, maxJobs: number): Trace {
  const every = Math.ceil(trace.jobs.length / maxJobs);
  return { ...trace, jobs: trace.jobs.filter((_, i) => i % every === 0) };
}

const POLICIES = ['fifo-gang', 'muster', 'muster-fair', 'kueue-like', 'yunikorn-like'];

/** The preset with a queue for each namespace, where it has none; and each queue with its part guaranteed. */
function rulesFor(policy: string, guarantee: number): Rules {
  const [rules, fair] = [PRESETS.get(policy), PRESETS.get('muster-fair')];
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

const HEAD = [
  'policy',
  'Jain',
  'longest under entitlement',
  'reclaims / 100',
  'gangs evicted / 100',
  'cycles',
  'wait mean',
  'wait p95',
  'work in window',
  'done',
];

function cellsOf({ policy, queues, waitMs, workShare, outcomes }: PolicyResult): readonly string[] {
  const per100 = (count: number) => ((100 * count) / outcomes.jobs).toFixed(2);
  return [
    policy,
    queues?.jain.toFixed(3) ?? '-',
    queues ? `${span(queues.worst.underMs)} ${queues.worst.queue}`.trim() : '-',
    queues ? per100(queues.reclaims.count) : '-',
    queues ? per100(queues.reclaims.gangs) : '-',
    String(queues?.cycles ?? '-'),
    span(waitMs.mean),
    span(waitMs.p95),
    `${(100 * workShare.window).toFixed(1)} %`,
    `${outcomes.done} of ${outcomes.jobs}`,
  ];
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

async function tableOf(name: string, options: { seed: number; load: number; jobs: number; policies: string[] }) {
  const trace = await CASES[name]!(options.seed, options.jobs);
  const nodes = nodesFor(trace, options.load);
  const tenants = new Set(trace.jobs.map(({ namespace }) => namespace)).size;
  console.log(
    `\n### ${name}: ${trace.jobs.length} jobs, ${tenants} tenants, ${nodes.length} nodes, load ${options.load}\n`,
  );
  console.log(line(HEAD));
  console.log(line(HEAD.map(() => '---')));
  for (const policy of options.policies) {
    const { policies } = await replay({
      trace,
      nodes,
      nodesName: 'preset:L',
      policies: [{ name: policy, rules: rulesFor(policy, 1 / tenants) }],
      options: { ...DEFAULT_REPLAY, seed: options.seed },
    });
    console.log(line(cellsOf(policies[0]!)));
  }
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join(',') },
    policies: { type: 'string', default: POLICIES.join(',') },
    jobs: { type: 'string', default: '1000' },
    load: { type: 'string', default: '1.1' },
    seed: { type: 'string', default: '1' },
  },
});
for (const name of values.cases.split(',')) {
  if (!CASES[name]) throw new Error(`Unknown case "${name}".\n${USAGE}`);
  await tableOf(name, {
    seed: Number(values.seed),
    load: Number(values.load),
    jobs: Number(values.jobs),
    policies: values.policies.split(','),
  });
}
