import { PRESETS } from '../src/core/policy/presets.ts';
import type { NodeInfo } from '../src/core/model.ts';
import { generateTrace } from '../src/replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../src/replay/generate/profiles.ts';
import { DEFAULT_REPLAY } from '../src/replay/options.ts';
import { replay } from '../src/replay/replay.ts';
import type { Trace } from '../src/replay/trace/job.ts';
import { readNodes } from '../src/replay/trace/nodes.ts';
import { readTrace } from '../src/replay/trace/read-trace.ts';
import { select } from '../src/replay/trace/select.ts';
import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';

const POLICY = 'muster';
const QUICK_JOBS = 300;

/** A trace of bench/traces or a generated one, and its nodes. `limit`: the largest allowed time, in seconds. */
interface Case {
  readonly name: string;
  readonly trace: string;
  readonly nodes: string;
  readonly limit?: number;
}

const CASES: readonly Case[] = [
  {
    name: 'openb',
    trace: 'openb/openb_pod_list_default.csv.gz',
    nodes: 'openb/openb_node_list_all_node.csv.gz',
    limit: 2,
  },
  {
    name: 'alibaba-pai',
    trace: 'alibaba-pai-2020/pai_instance_table.tail-1500-jobs.csv.gz',
    nodes: 'alibaba-pai-2020/pai_machine_spec.csv.gz',
  },
  { name: 'msft-itp 03', trace: 'msft-itp/cluster03.csv.gz', nodes: 'preset:S' },
  { name: 'msft-itp 04', trace: 'msft-itp/cluster04.csv.gz', nodes: 'preset:M' },
  { name: 'msft-philly', trace: 'msft-philly/philly.csv.gz', nodes: 'preset:S' },
  { name: 'swim-facebook', trace: 'swim-facebook/FB-2009_samples_24_times_1hr_0.tsv.gz', nodes: 'preset:L' },
  { name: 'lyft-day', trace: 'preset:lyft-day', nodes: 'preset:lyft-day', limit: 180 },
];

const PRESET = 'preset:';
const isPreset = (source: string) => source.startsWith(PRESET);
const profileOf = (source: string) => profileNamed(source.slice(PRESET.length));

async function traceOf(source: string): Promise<Trace> {
  const { seed } = DEFAULT_REPLAY;
  return isPreset(source) ? generateTrace(profileOf(source), { seed }) : readTrace(`bench/traces/${source}`, { seed });
}

async function nodesOf(source: string): Promise<readonly NodeInfo[]> {
  return isPreset(source) ? profileNodes(profileOf(source)) : readNodes(`bench/traces/${source}`);
}

/** Measures the simulation alone, without the time to read or draw the trace. */
async function measure({ name, trace, nodes, limit }: Case, context: BenchmarkContext): Promise<Result[]> {
  const whole = await traceOf(trace);
  let shown = -1;
  const { policies, latency } = await replay({
    trace: context.quick ? select(whole, { maxJobs: QUICK_JOBS }) : whole,
    nodes: await nodesOf(nodes),
    nodesName: nodes,
    policies: [{ name: POLICY, rules: PRESETS.get(POLICY)! }],
    options: DEFAULT_REPLAY,
    onProgress: ({ ended, jobs }) => {
      const percent = Math.floor((100 * ended) / jobs);
      if (percent > shown) context.progress(`replay: ${name}, ${(shown = percent)} % of ${jobs} jobs ended`);
    },
  });
  const [{ podsBound, decisions }] = policies as [(typeof policies)[0]];
  const [{ wallSeconds, filterUs }] = latency as [(typeof latency)[0]];
  const checks = limit === undefined ? {} : { checks: [{ what: 'seconds', value: wallSeconds, limit }] };
  const extra = { pods: podsBound, filters: decisions.filter, filterP50: filterUs.p50, filterP99: filterUs.p99 };
  return [
    { name: `${name}, time`, unit: 's', median: wallSeconds, samples: 1, ...checks, extra },
    { name: `${name}, pods`, unit: '1/s', median: podsBound / wallSeconds, samples: 1 },
  ];
}

export const benchmark: Benchmark = {
  name: 'replay',
  about: `simulated pods per second under policy ${POLICY}, on every shipped trace and on a generated day`,
  run: async (context) => {
    const results: Result[] = [];
    for (const one of CASES) results.push(...(await measure(one, context)));
    return results;
  },
};
