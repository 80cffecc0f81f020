import { PRESETS } from '../../src/core/policy/presets.ts';
import type { NodeInfo } from '../../src/core/model.ts';
import type { Rules } from '../../src/core/policy/rules.ts';
import { generateTrace } from '../../src/replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../../src/replay/generate/profiles.ts';
import { readNodes } from '../../src/replay/trace/nodes.ts';
import { readTrace } from '../../src/replay/trace/read-trace.ts';
import { select, type Selection } from '../../src/replay/trace/select.ts';
import type { Trace } from '../../src/replay/trace/job.ts';
import { readRules } from '../../src/server/policy-source.ts';

const SHIPPED = ['preempt', 'spark', 'strict-fifo', 'topology'].map((name) => `scheduler-config/policies/${name}.yaml`);
const SEEDS = [1, 2];
/** Share of urgent jobs in the cases with two priority classes. */
const URGENT_SHARE = 0.15;
const FAILURES_PER_DAY = 4;

/** A shipped trace or a generated one on a cluster that is too small for it, so that gangs wait and are evicted. */
interface Source {
  readonly name: string;
  readonly trace: string;
  readonly nodes: string;
  /** How many of the cluster's nodes are used, evenly over its list. */
  readonly nodeCount: number;
  readonly selection: Selection;
}

const SOURCES: readonly Source[] = [
  {
    name: 'openb',
    trace: 'bench/traces/openb/openb_pod_list_default.csv.gz',
    nodes: 'bench/traces/openb/openb_node_list_all_node.csv.gz',
    nodeCount: 20,
    selection: { maxJobs: 600, speed: 1000 },
  },
  {
    name: 'alibaba-pai',
    trace: 'bench/traces/alibaba-pai-2020/pai_instance_table.tail-1500-jobs.csv.gz',
    nodes: 'bench/traces/alibaba-pai-2020/pai_machine_spec.csv.gz',
    nodeCount: 10,
    selection: { maxJobs: 150, speed: 200 },
  },
  {
    name: 'msft-itp 03',
    trace: 'bench/traces/msft-itp/cluster03.csv.gz',
    nodes: 'preset:S',
    nodeCount: 40,
    selection: { maxJobs: 150, speed: 20 },
  },
  {
    name: 'msft-itp 04',
    trace: 'bench/traces/msft-itp/cluster04.csv.gz',
    nodes: 'preset:S',
    nodeCount: 40,
    selection: { maxJobs: 150, speed: 20 },
  },
  {
    name: 'msft-philly',
    trace: 'bench/traces/msft-philly/philly.csv.gz',
    nodes: 'preset:S',
    nodeCount: 30,
    selection: { maxJobs: 60, speed: 20 },
  },
  {
    name: 'swim-facebook',
    trace: 'bench/traces/swim-facebook/FB-2009_samples_24_times_1hr_0.tsv.gz',
    nodes: 'preset:S',
    nodeCount: 4,
    selection: { maxJobs: 150, speed: 20 },
  },
  {
    name: 'generated S',
    trace: 'preset:S',
    nodes: 'preset:S',
    nodeCount: 60,
    selection: { maxJobs: 200, speed: 2 },
  },
];

/** One replay whose result is compared with a stored digest. */
export interface DigestCase {
  readonly name: string;
  readonly source: Source;
  readonly policy: string;
  readonly seed: number;
  /** Two priority classes, and nodes that fail. */
  readonly isTroubled: boolean;
}

/** Without the models of other schedulers. */
const COMPARED = [...PRESETS.keys()].filter((name) => !name.endsWith('-like'));

/**
 * Every shipped trace under muster's presets, two seeds, undisturbed and with urgent jobs and node failures; and the
 * shipped policies.
 */
export const DIGEST_CASES: readonly DigestCase[] = SOURCES.flatMap((source) =>
  [...COMPARED, ...SHIPPED].flatMap((policy) =>
    SEEDS.flatMap((seed) =>
      [false, true].flatMap((isTroubled) => {
        const name = [source.name, policy, `seed ${seed}`, ...(isTroubled ? ['urgent, node failures'] : [])].join(
          ' | ',
        );
        return { name, source, policy, seed, isTroubled };
      }),
    ),
  ),
);

const isPreset = (text: string) => text.startsWith('preset:');
const profileOf = (text: string) => profileNamed(text.slice('preset:'.length));

export async function traceOf({ source: { trace, selection }, seed, isTroubled }: DigestCase): Promise<Trace> {
  const whole = isPreset(trace) ? generateTrace(profileOf(trace), { seed }) : await readTrace(trace, { seed });
  return select(whole, { ...selection, ...(isTroubled ? { urgent: { share: URGENT_SHARE, seed } } : {}) });
}

export async function nodesOf({ source: { nodes, nodeCount } }: DigestCase): Promise<readonly NodeInfo[]> {
  const all = isPreset(nodes) ? profileNodes(profileOf(nodes)) : await readNodes(nodes);
  return Array.from({ length: nodeCount }, (_, i) => all[Math.floor((i * all.length) / nodeCount)]!);
}

export const failuresOf = ({ isTroubled }: DigestCase) => (isTroubled ? FAILURES_PER_DAY : 0);

export const rulesOf = ({ policy }: DigestCase): Rules => PRESETS.get(policy) ?? readRules(policy);
