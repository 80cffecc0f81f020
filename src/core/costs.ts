import { PARTS } from './account/prices.ts';
import type { QueueRow } from './account/queue-rows.ts';
import type { RoomTime } from './account/room-time.ts';
import { ROOM_STATES, type RoomState } from './account/states.ts';
import type { Resources } from './resources.ts';
import type { StateView } from './state.ts';

/** Resources x time: cpu in core-seconds, memory in byte-seconds, others in their unit x s. And what that cost. */
export interface Cost {
  readonly resourceSeconds: Resources;
  readonly cost: number;
}

export interface QueueCost {
  readonly queue: string;
  readonly states: Readonly<Record<RoomState, Cost>>;
  /** All states together. */
  readonly total: Cost;
  /** Marks, which count room that is in a state of some queue, or idle. */
  readonly caused: Cost;
  readonly unlent: Cost;
  /** Work that evictions for this queue threw away, in core-seconds. */
  readonly lostCoreSeconds: number;
}

/** Since this muster began to decide. `bill` = the totals of all queues + `overhead` + `idle`. */
export interface CostReport {
  readonly seconds: number;
  /** By path; without queues that never had anything. */
  readonly queues: readonly QueueCost[];
  /** Pods that no queue counts: of DaemonSets, static ones, and services where no rule names a queue. */
  readonly overhead: Cost;
  readonly idle: Cost;
  /** Of `idle`: what nobody could use, because another resource of the node was used up more. */
  readonly strandedCost: number;
  readonly bill: Cost;
  /** Whether the file says prices; else a core costs 1 an hour. */
  readonly isPriced: boolean;
}

const MS_PER_HOUR = 3_600_000;

/** Reads the meter. O(queues x columns): for a scrape, and for people. */
export function costsOf({ meter, cluster: { columns }, tree }: StateView): CostReport {
  const { nowMs, nodes, overhead } = meter;
  const read = (...rooms: readonly RoomTime[]): Cost => costOf(columns.names, nowMs, rooms);
  const rows = [...meter.rows];
  const inUse = rows.flatMap(({ states }) => ROOM_STATES.map((state) => states[state]));
  const bill = read(nodes.capacity);
  const queues = rows.map((row) => queueCost(row, read)).filter(isSomething);
  queues.sort((a, b) => (a.queue < b.queue ? -1 : 1));
  return {
    seconds: nowMs / 1000,
    queues,
    overhead: read(overhead),
    idle: less(bill, read(overhead, ...inUse)),
    strandedCost: read(nodes.stranded).cost,
    bill,
    isPriced: tree.tenancy.prices.length > 0,
  };
}

function queueCost(row: QueueRow, read: (...rooms: readonly RoomTime[]) => Cost): QueueCost {
  const { path, states, caused, unlent, lost } = row;
  const all = ROOM_STATES.map((state) => states[state]);
  return {
    queue: path,
    states: Object.fromEntries(ROOM_STATES.map((state) => [state, read(states[state])])) as QueueCost['states'],
    total: read(...all),
    caused: read(caused),
    unlent: read(unlent),
    lostCoreSeconds: lost,
  };
}

const isSomething = ({ total, caused, unlent, lostCoreSeconds }: QueueCost): boolean =>
  lostCoreSeconds > 0 || [total, caused, unlent].some(({ resourceSeconds }) => resourceSeconds.size > 0);

function costOf(names: readonly string[], nowMs: number, rooms: readonly RoomTime[]): Cost {
  const spent = rooms.map((room) => room.spent(nowMs));
  const resourceSeconds = new Map<string, number>();
  for (const [c, name] of names.entries()) {
    const sum = spent.reduce((total, { amounts }) => total + (amounts[c] ?? 0), 0);
    if (sum !== 0) resourceSeconds.set(name, sum / (name === 'cpu' ? 1e6 : 1000));
  }
  return { resourceSeconds, cost: spent.reduce((total, { cost }) => total + cost, 0) / MS_PER_HOUR / PARTS };
}

function less(all: Cost, used: Cost): Cost {
  const left = [...all.resourceSeconds].map(
    ([name, amount]) => [name, amount - (used.resourceSeconds.get(name) ?? 0)] as const,
  );
  return { resourceSeconds: new Map(left), cost: all.cost - used.cost };
}
