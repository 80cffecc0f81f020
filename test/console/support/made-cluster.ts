import type { z } from 'zod';
import {
  GangDetailView,
  GangRowList,
  GangRowQuery,
  NodeMapView,
  TickView,
  type DecisionView,
  type GangRowView,
} from '../../../src/server/api/board-schemas.ts';

type Row = z.output<typeof GangRowView>;
type Detail = z.output<typeof GangDetailView>;
type Tick = z.output<typeof TickView>;

export interface MadeSize {
  readonly nodes: number;
  readonly waiting: number;
  readonly running: number;
  /** Put into every name that a tenant may choose. */
  readonly odd?: string;
  /** Whether the reader may not see the namespace team-11. */
  readonly hides?: true;
}

const QUEUES = ['prod.etl', 'prod.ml', 'adhoc.anna', 'adhoc.bo', 'research'];
const USERS = ['anna', 'bo', 'chen', 'dilara', 'emeka'];
const KINDS = ['room', 'turn', 'quota', 'start-time', 'unschedulable', 'rate', 'members', 'evictions'] as const;
const REASONS = {
  room: '12 of 40 executors fit: 112 cores short on 96 eligible nodes',
  turn: 'prod/nightly-load is ahead of it in queue prod.etl',
  quota: 'queue adhoc.anna may have 200 cores, it has 180, and the gang needs 64',
  'start-time': 'it would delay prod/nightly-load, which starts about 14:20',
  unschedulable: 'no node could hold an executor of 96 cores, not even an empty one',
  rate: 'gangs of its namespace may start 10 pods a second',
  members: '3 of 8 members exist',
  evictions: '4 pods are being evicted for it',
} as const;
const RESOURCES = ['cpu', 'memory', 'nvidia.com/gpu', 'ephemeral-storage'];
const START_MS = Date.UTC(2026, 10, 23, 9);

/** A small generator of its own, so that the data are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

/** A cluster of any size that answers as the board does: for sizes and names that no real one has here. */
export class MadeCluster {
  version = 1;
  nowMs = START_MS;
  readonly decisions: z.output<typeof DecisionView>[] = [];
  readonly #size: MadeSize;
  readonly #random = generator(7);
  readonly #names: readonly string[];
  readonly #waiting: Row[];
  readonly #running: Row[];

  constructor(size: MadeSize) {
    this.#size = size;
    const { odd = '' } = size;
    const digits = String(size.nodes).length;
    this.#names = Array.from({ length: size.nodes }, (_, i) => `node-${String(i).padStart(digits, '0')}${odd}`);
    this.#waiting = Array.from({ length: size.waiting }, (_, i) => this.#row(i, 'waiting'));
    this.#running = Array.from({ length: size.running }, (_, i) => this.#row(size.waiting + i, 'running'));
  }

  /** A second later: the next gang is admitted, and the oldest that runs is over. */
  step(): void {
    this.nowMs += 1000;
    this.version++;
    const next = this.#waiting.shift();
    if (!next) return;
    const { gang, queue, user, priority, policy, leader, members, since } = next;
    const row = { gang, queue, user, priority, policy, leader, members, since };
    this.#running.push({ ...row, phase: 'running', bound: members, complete: iso(this.nowMs) });
    this.#decide('gang-admitted', row.gang, `${row.members} places are reserved.`);
    if (this.#running.length > this.#size.running) {
      const over = this.#running.shift()!;
      this.#decide('gang-released', over.gang, 'It is over.');
    }
  }

  tick(): Tick {
    const { version } = this;
    const counts = {
      nodes: this.#names.length,
      waiting: this.#waiting.length,
      starting: 0,
      running: this.#running.length,
      degraded: 0,
    };
    const versions = { gangs: version, nodes: version, queues: version, policies: 1 };
    return TickView.parse({ at: iso(this.nowMs), ...versions, counts, snapshot: { ageSeconds: 0.4, isStale: false } });
  }

  gangs(query: Record<string, string>): z.output<typeof GangRowList> {
    const { phase, search, queue, user, namespace, waitsFor, offset, limit } = GangRowQuery.parse(query);
    this.#waiting.forEach((row, i) => (row.position = i + 1));
    const found = [...this.#waiting, ...this.#running].filter(
      (row) =>
        (phase === undefined || row.phase === phase) &&
        (waitsFor === undefined || row.waitsFor === waitsFor) &&
        (user === undefined || row.user === user) &&
        (namespace === undefined || row.gang.startsWith(`${namespace}/`)) &&
        (queue === undefined || row.queue === queue || row.queue.startsWith(`${queue}.`)) &&
        (search === undefined || `${row.gang} ${row.leader} ${row.queue} ${row.user}`.includes(search)),
    );
    const waiting = found.filter((row) => row.phase === 'waiting').length;
    const items = found.slice(offset, offset + limit).map((row) => this.#told(row));
    return GangRowList.parse({ version: this.version, total: found.length, waiting, items });
  }

  gang(key: string): Detail | undefined {
    const row = [...this.#waiting, ...this.#running].find(({ gang }) => gang === key);
    if (!row) return undefined;
    const places = row.phase === 'waiting' ? [] : this.#placesOf(row);
    const since = Date.parse(row.since);
    const timeline = [
      { at: row.since, what: 'submitted', text: 'Its leader was created.' },
      { at: iso(since + 2000), what: 'asked', text: 'kube-scheduler asked about its leader first.' },
      ...(row.phase === 'waiting'
        ? []
        : [{ at: iso(this.nowMs), what: 'reserved', text: 'Its places were reserved.' }]),
    ];
    return GangDetailView.parse({ ...row, places, timeline });
  }

  nodes(known: number | undefined): z.output<typeof NodeMapView> {
    const count = this.#names.length;
    const zones = ['zone-a', 'zone-b', 'zone-c'];
    const racks = Array.from(
      { length: Math.max(1, Math.ceil(count / 48)) },
      (_, i) => `rack-${i}${this.#size.odd ?? ''}`,
    );
    const column = (of: (i: number) => number) => Buffer.from(Uint8Array.from({ length: count }, (_, i) => of(i)));
    const columns = (of: (i: number, resource: number) => number) =>
      Object.fromEntries(RESOURCES.map((name, r) => [name, column((i) => of(i, r)).toString('base64')]));
    const used = (i: number, r: number) => (i * 7919 + r * 104_729 + Math.floor(i / 48) * 31 + this.version) % 171;
    const groups = [
      { key: 'topology.kubernetes.io/zone', values: zones },
      { key: 'topology.kubernetes.io/rack', values: racks },
    ];
    const zoneOf = this.#names.map((_, i) => (i % 17 === 16 ? -1 : i % 3));
    const rackOf = this.#names.map((_, i) => Math.floor(i / 48));
    return NodeMapView.parse({
      ...{ version: this.version, namesVersion: 1, resources: RESOURCES, groups },
      ...(known === 1 ? {} : { names: this.#names, groupOf: [zoneOf, rackOf] }),
      unschedulable: this.#names.flatMap((_, i) => (i % 97 === 5 ? [i] : [])),
      used: columns(used),
      reserved: columns((i, r) => Math.min(20, 200 - used(i, r))),
      stranded: columns((i, r) => (i % 5 === 0 ? Math.min(9, 180 - used(i, r)) : 0)),
    });
  }

  #told(row: Row): Row {
    if (!this.#size.hides || !row.gang.startsWith('team-11/')) return row;
    return { ...row, gang: '(hidden)', leader: '', user: '', isHidden: true };
  }

  #placesOf({ gang, members }: Row): Detail['places'] {
    const from = gang.length * 131;
    return Array.from({ length: members }, (_, i) => ({
      role: i === 0 ? 'driver' : 'executor',
      node: this.#names[(from + Math.floor(i / 3) * 5) % this.#names.length]!,
      state: 'bound' as const,
      pod: `${gang.split('/')[1]!}-exec-${i}`,
    }));
  }

  #row(at: number, phase: 'waiting' | 'running'): Row {
    const random = this.#random;
    const { odd = '' } = this.#size;
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
    const members = 2 + Math.floor(random() * 60);
    const kind = pick(KINDS);
    const base = {
      gang: `team-${at % 12}/job-${String(at).padStart(5, '0')}${odd}`,
      queue: pick(QUEUES) + odd,
      user: pick(USERS) + odd,
      priority: pick([0, 0, 100, 1000]),
      policy: 'default',
      leader: `job-${at}-driver`,
      members,
      since: iso(START_MS - Math.floor(random() * 7_200_000) - 1000),
    };
    if (phase === 'running') {
      const times = {
        complete: iso(START_MS - 3_660_000),
        endsAbout: iso(START_MS + Math.floor(random() * 7_200_000)),
      };
      return { ...base, phase, bound: members, ...times };
    }
    const aboutMs = START_MS + 60_000 * (1 + at);
    return {
      ...{ ...base, phase, bound: 0, position: at + 1, waitsFor: kind, reason: REASONS[kind] + odd },
      ...(kind === 'unschedulable' ? {} : { startsAbout: iso(aboutMs), startsLatest: iso(aboutMs * 1.0000001) }),
    };
  }

  #decide(kind: string, gang: string, text: string): void {
    this.decisions.push({ id: this.decisions.length + 1, at: iso(this.nowMs), kind, gang, text });
  }
}
