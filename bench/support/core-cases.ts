import { Meter } from '../../src/core/account/meter.ts';
import { weightOf } from '../../src/core/account/prices.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { Cluster } from '../../src/core/cluster/cluster.ts';
import { OPEN_TENANCY, plainQueue } from '../../src/core/policy/tenancy.ts';
import { Rates } from '../../src/core/queue/rates.ts';
import { Shares } from '../../src/core/queue/shares.ts';
import { QueueTree } from '../../src/core/queue/tree.ts';
import { Usage } from '../../src/core/queue/usage.ts';
import type { Scheduler } from '../../src/core/scheduler.ts';
import { boundTo, node, offer, pod, spark } from '../../test/support/builders.ts';
import type { Timed } from './timing.ts';

export interface CoreWorld {
  readonly scheduler: Scheduler;
  readonly names: readonly string[];
}

const gone = ({ scheduler }: CoreWorld, { uid }: PodInfo) => scheduler.observe({ kind: 'pod-gone', uid }, 0);

/** A new gang of a driver and this number of executors is placed whole. It ends before the next one comes. */
export function newGang(world: CoreWorld, executors: number, images: readonly string[] = []): Timed {
  const candidates = offer(world.names);
  const leaders: PodInfo[] = [];
  return {
    before: (i) => (leaders[i] = { ...spark(`new-${i}`, executors, { cpu: 2 }).leader(), images }),
    run: (i) => expectKind(world, leaders[i]!, candidates, 'one'),
    after: (i) => void gone(world, leaders[i]!),
  };
}

/** The same where rates of the cluster, of its namespace and of its images' registry let it pass. */
export function newGangUnderRates(world: CoreWorld, executors: number): Timed {
  const most = { perSecond: 1e6, burst: 1e6 };
  const registries = [{ ...most, match: '*.dkr.ecr.*' }];
  const rates = { pods: most, namespaces: { ...most, match: ['*'] }, registries };
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: { ...OPEN_TENANCY, rates } }, 0);
  return newGang(world, executors, ['1.dkr.ecr.eu.amazonaws.com/spark:4']);
}

/** An executor whose slot is reserved. */
export function reservedExecutor(world: CoreWorld): Timed {
  const candidates = offer(world.names);
  const size = 100;
  let gang = spark('reserved-0', size);
  return {
    before: (i) => {
      if (i % size !== 0) return;
      gone(world, gang.leader());
      gang = spark(`reserved-${i}`, size);
      world.scheduler.filter({ pod: gang.leader(), candidates }, 0);
    },
    run: (i) => expectKind(world, gang.member('executor', i % size), candidates, 'one'),
  };
}

/** A gang of 100 that does not fit is asked about again, and nothing has changed. */
export function waitingGang(world: CoreWorld): Timed {
  const candidates = offer(world.names);
  const leader = spark('waits', 100, { cpu: 16 }).leader();
  return { run: () => expectKind(world, leader, candidates, 'none') };
}

/** A gang of 100 that does not fit, asked about for the first time. */
export function refusedGang(world: CoreWorld): Timed {
  const candidates = offer(world.names);
  const leaders: PodInfo[] = [];
  return {
    before: (i) => (leaders[i] = spark(`refused-${i}`, 100, { cpu: 16 }).leader()),
    run: (i) => expectKind(world, leaders[i]!, candidates, 'none'),
    after: (i) => void gone(world, leaders[i]!),
  };
}

/** A gang of 100 with high priority waits: victims are chosen, and their room is nominated for it. */
export function victimSearch(world: CoreWorld): Timed {
  const { scheduler } = world;
  const candidates = offer(world.names);
  const leaders: PodInfo[] = [];
  // An hour later each time, when the budgets are whole again.
  const timeOf = (i: number) => (i + 1) * 3_600_000;
  return {
    before: (i) => {
      leaders[i] = spark(`high-${i}`, 100, { cpu: 2, priority: 100 }).leader();
      scheduler.filter({ pod: leaders[i], candidates }, timeOf(i));
    },
    run: (i) => {
      const [effect] = scheduler.makeRoom(timeOf(i));
      if (effect?.kind !== 'eviction-planned') throw new Error(`pod ${leaders[i]!.name}: no victims found`);
    },
    after: (i) => scheduler.observe({ kind: 'pod-gone', uid: leaders[i]!.uid }, timeOf(i)),
  };
}

/**
 * An important gang of so many members has waited for long: its start is planned anew for each question about another.
 * 1,000 gangs run whose ends must be foretold.
 */
export function startPlan(world: CoreWorld, members: number): Timed {
  const { scheduler } = world;
  const candidates = offer(world.names);
  const head = spark('head', members, { cpu: 4, priority: 100 }).leader();
  const other = spark('other', 1, { cpu: 4 }).leader();
  scheduler.filter({ pod: head, candidates }, 0);
  // Later each time by more than the pause between two plans; something has changed since.
  const timeOf = (i: number) => 3_600_000 + i * 1000;
  return {
    before: (i) => {
      scheduler.filter({ pod: head, candidates }, timeOf(i) - 500);
      const small = pod(`other-${i}`, { cpu: 1 });
      scheduler.observe({ kind: 'pod', pod: boundTo(small, world.names[i % world.names.length]!) }, timeOf(i) - 500);
    },
    run: (i) => {
      const { answer } = scheduler.filter({ pod: other, candidates }, timeOf(i));
      if (answer.kind !== 'none') throw new Error(`pod ${other.name}: the cluster is full, and it got a node`);
    },
  };
}

/** Why a gang of 100 waits, for people. */
export function explanation(world: CoreWorld): Timed {
  const gang = spark('explained', 100, { cpu: 16 });
  world.scheduler.filter({ pod: gang.leader(), candidates: offer(world.names) }, 0);
  return { run: () => world.scheduler.explain(gang.spec.key, 0) };
}

/** A pod of no gang, beside the room that a gang of 100 holds. */
export function foreignPod(world: CoreWorld): Timed {
  const candidates = offer(world.names);
  const holder = spark('holder', 100);
  world.scheduler.filter({ pod: holder.leader(), candidates }, 0);
  const pods: PodInfo[] = [];
  return {
    before: (i) => (pods[i] = pod(`foreign-${i}`)),
    run: (i) => world.scheduler.filter({ pod: pods[i]!, candidates }, 0),
    after: (i) => void gone(world, pods[i]!),
  };
}

export function prioritize(world: CoreWorld): Timed {
  const candidates = offer(world.names);
  return { run: () => world.scheduler.prioritize({ pod: pod('scored'), candidates }) };
}

/**
 * What queues are entitled to of four resources, on one node: half of them want more than there is for them, and each
 * has something guaranteed.
 */
export function sharesOf(count: number): Timed {
  const usage = new Usage();
  const cluster = new Cluster(usage);
  const gpus = ['nvidia.com/gpu', 'amd.com/gpu'] as const;
  const amounts = (each: number) => new Map([...['cpu', 'memory'], ...gpus].map((name) => [name, each] as const));
  cluster.putNode({ ...node('n', { cpu: 1 }), allocatable: amounts(100 * count) });
  const guaranteed = { amounts: amounts(10), shares: new Map<string, number>() };
  const queues = Array.from({ length: count }, (_, i) => ({ ...plainQueue(`q${i}`), weight: 1 + (i % 7), guaranteed }));
  const tree = new QueueTree({ ...OPEN_TENANCY, queues });
  const waiting = [...tree.root.children].map((queue, i) => {
    return { queue, ask: cluster.requestVector(amounts((i * 7919) % 400)) };
  });
  const shares = new Shares();
  return { run: () => shares.refresh({ tree, usage, cluster }, waiting, 0) };
}

/** A thousand gangs are asked for what rate they wait, of the cluster, of their namespace and of a registry. */
export function thousandRates(): Timed {
  const rate = { perSecond: 10, burst: 100 };
  const registries = [{ ...rate, match: '*.dkr.ecr.*' }];
  const rates = new Rates({ pods: rate, namespaces: { ...rate, match: ['*'] }, registries });
  const images = ['1.dkr.ecr.eu.amazonaws.com/spark:4'];
  const namespaces = Array.from({ length: 100 }, (_, i) => `team-${i}`);
  for (const namespace of namespaces) rates.take({ namespace, pods: 90, pulls: images }, 0);
  return {
    run: (run) => {
      for (let i = 0; i < 1000; i++) rates.waitOf(namespaces[i % 100]!, images, run * 1000 + i);
    },
  };
}

/** A thousand changes of the meter: a gang's pods come and go in a queue among 2,000, on all nodes. */
export function thousandMoves({ names }: CoreWorld): Timed {
  const meter = new Meter();
  const weights = ['cpu', 'memory', 'pods', '(unknown)', 'nvidia.com/gpu'].map(weightOf);
  const allocatable = Float64Array.of(64_000, 256 * 2 ** 30, 110, 0, 8);
  for (const name of names) meter.putNode(name, { allocatable, weights, price: { perHour: 96e9, perUnit: 1e9 } });
  const gangs = Array.from({ length: 2000 }, (_, i) => `jobs/gang-${i}`);
  gangs.forEach((gang, i) => meter.assign(gang, `queue-${i}`));
  const vector = Float64Array.of(1000, 2 ** 32, 1, 0, 0);
  return {
    run: (run) => {
      for (let i = 0; i < 1000; i++) {
        meter.at(run * 1000 + i, true);
        const at = i >> 1;
        meter.ofGang(gangs[at]!, names[at % names.length]!, { vector, what: 'bound', sign: i % 2 === 0 ? 1 : -1 });
      }
    },
  };
}

/** A gang asks again that waits for room, as do gangs of so many queues; nothing has changed. */
export function askedAmong(world: CoreWorld, queues: number): Timed {
  const candidates = offer(world.names);
  const leaders = Array.from({ length: queues }, (_, i) => spark(`q${i}`, 100, { cpu: 16, queue: `q${i}` }).leader());
  for (const leader of leaders) expectKind(world, leader, candidates, 'none');
  return { run: (i) => expectKind(world, leaders[(i * 7919) % queues]!, candidates, 'none') };
}

/** A thousand events: 500 pods are bound and go again. */
export function thousandEvents(world: CoreWorld): Timed {
  const pods = Array.from({ length: 500 }, (_, i) =>
    boundTo(pod(`event-${i}`), world.names[(i * 31) % world.names.length]!),
  );
  return {
    run: () => {
      for (const one of pods) world.scheduler.observe({ kind: 'pod', pod: one }, 0);
      for (const { uid } of pods) world.scheduler.observe({ kind: 'pod-gone', uid }, 0);
    },
  };
}

function expectKind(
  { scheduler }: CoreWorld,
  asked: PodInfo,
  candidates: ReturnType<typeof offer>,
  kind: 'one' | 'none',
): void {
  const { answer } = scheduler.filter({ pod: asked, candidates }, 0);
  if (answer.kind !== kind) throw new Error(`pod ${asked.name}: ${JSON.stringify(answer)}, not ${kind}`);
}
