import type { RunTimes } from '../../core/history/run-times.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { Rules } from '../../core/policy/rules.ts';
import { withoutVariables } from '../../intake/app-of.ts';
import { parseRules } from '../../intake/policy-file.ts';
import { generateTrace } from '../../replay/generate/generate.ts';
import { profileNamed } from '../../replay/generate/profiles.ts';
import { toNode } from '../../replay/trace/nodes.ts';
import { select } from '../../replay/trace/select.ts';
import { runAloneMs, type Trace, type TraceJob } from '../../replay/trace/job.ts';

/** The platform of the demo: its nodes, its teams and queues, and what they submit. All of it is made up. */

const PROFILE = profileNamed('S');
/** So many days of submissions; at 30 times the speed they last eleven hours. */
const DAYS = 14;
/** They begin when people come to work. */
const MORNING_MS = 7 * 3_600_000;

/** The teams of the generated workload by the namespaces and people that the demo shows. */
const TEAMS = [
  'etl-orders',
  'etl-clicks',
  'ml-ranking',
  'ml-ads',
  'reports',
  'growth',
  'risk',
  'search',
  'maps',
  'lab',
];
const PEOPLE = ['ana', 'bo', 'chen', 'dita', 'emeka', 'fay', 'goran', 'hana'];
/** Who submits what nobody submits by hand. */
const ROBOTS: Readonly<Record<string, string>> = { cron: 'airflow', 'fan-out': 'argo', storm: 'backfill' };

const QUEUES = `
policies:
  - name: batch
    members: { strategy: least-fragmentation }
    preemption: { mode: advise }
queues:
  - name: prod
    guaranteed: '45%'
    weight: 2
    reclaim: { mode: enforce, after: 5m }
    queues:
      - { name: etl, weight: 2 }
      - { name: ml, max: '60%' }
  - name: reports
    guaranteed: '5%'
    running: { gangs: 40 }
  - name: teams
    max: '70%'
    each: { order: fair, users: { gangs: 25 } }
queueRules:
  - { namespaces: ['etl-*'], queue: prod.etl }
  - { namespaces: ['ml-*'], queue: prod.ml }
  - { namespaces: ['reports'], queue: reports }
  - { queue: 'teams.{namespace}' }
`;

export const companyRules = (): Rules => parseRules(QUEUES, 'policies of the demo');

const ZONES = 3;
const RACKS = 4;
const POOLS = ['general', 'general', 'general', 'memory'] as const;
const GIB = 2 ** 30;

/** Nodes of two pools in three zones of four racks. */
export function companyNodes(count: number): readonly NodeInfo[] {
  return Array.from({ length: count }, (_, i) => {
    const zone = `zone-${'abc'[i % ZONES]}`;
    const pool = POOLS[Math.floor(i / ZONES) % POOLS.length]!;
    const labels = {
      'topology.kubernetes.io/zone': zone,
      'topology.kubernetes.io/rack': `${zone}-rack-${(Math.floor(i / ZONES) % RACKS) + 1}`,
      'node.kubernetes.io/instance-type': pool === 'memory' ? 'r-16' : 'm-16',
      pool,
    };
    const memoryBytes = (pool === 'memory' ? 240 : 120) * GIB;
    return toNode(`${pool}-${String(i).padStart(3, '0')}`, { cpuMilli: 15_500, memoryBytes, gpus: 0, labels });
  });
}

/** A company's work: what its teams submit, and what they did in the night before. */
export interface CompanyWork {
  readonly trace: Trace;
  readonly past: readonly TraceJob[];
}

/** A generated workload with names that people would give. The same seed gives the same jobs. */
export function companyWork(seed: number): CompanyWork {
  const all = generateTrace(PROFILE, { seed, days: DAYS });
  const taken = new Set<string>();
  const renamed = ({ jobs }: Trace) => jobs.map((job) => named(job, taken));
  const past = renamed(select(all, { untilMs: MORNING_MS }));
  const trace = select(all, { fromMs: MORNING_MS });
  return { trace: { ...trace, work: 'gang', jobs: renamed(trace) }, past };
}

/** Learns how long the runs of the past took, as a muster would have that had seen them. */
export function learnFrom(past: readonly TraceJob[], history: RunTimes): void {
  for (const job of past) {
    const { namespace, app, user, queue, workers } = job;
    const who = { user, ...(app === undefined ? {} : { app: withoutVariables(app) }) };
    const ended = { ranMs: runAloneMs(job), how: 'succeeded' } as const;
    history.learn({ namespace, name: '', queue, members: 1 + workers.min, ...who }, ended);
  }
}

function named(job: TraceJob, taken: Set<string>): TraceJob {
  const namespace = TEAMS[Number(job.namespace.split('-')[1]) % TEAMS.length]!;
  const user = ROBOTS[job.user] ?? PEOPLE[job.row % PEOPLE.length]!;
  const wanted = job.app ?? `${user}-${job.id}`;
  const id = taken.has(`${namespace}/${wanted}`) ? `${wanted}-${job.row}` : wanted;
  taken.add(`${namespace}/${id}`);
  return { ...job, id, namespace, user, queue: '' };
}
