import type { GangRow } from '../../core/board/gang-rows.ts';
import type { NodeMap } from '../../core/board/node-map.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { Slices } from '../../core/work.ts';
import { listOf, ROWS_A_SLICE, type BoardRow, type GangList } from './gang-list.ts';
import { Made } from './made.ts';

/** What the board shows of a gang beside what the core says: times in ms. */
type MoreOf = (row: GangRow) => Pick<BoardRow, 'reservedMs' | 'startsAboutMs' | 'startsLatestMs' | 'isStartSought'>;

export interface BoardDeps {
  readonly scheduler: Pick<Scheduler, 'board' | 'rules'>;
  readonly nowMs: () => number;
  readonly moreOf: MoreOf;
  /** Grows when `moreOf` may say more. */
  readonly moreChanges: () => number;
  /** Called whenever somebody asks for the list. */
  readonly onAsked?: () => void;
  /** A clock that never goes back, in ms; absent: that of the process. */
  readonly monotonicMs?: (() => number) | undefined;
  /** Versions grow from here: from the time, so that a reader who comes from another replica knows none of this one's. */
  readonly versionsAfter: number;
}

/** The map with the version of its names. */
export interface NodeBoard {
  readonly map: NodeMap;
  readonly namesVersion: number;
  /** The index of each node. */
  readonly indexOf: ReadonlyMap<string, number>;
}

/** Versions of what is read again when it changes, at most so often, in ms. */
const QUEUES_EVERY_MS = 2000;

/**
 * The one owner of the latest list of gangs and map of nodes. Both are made in slices, at most once a second, only when
 * somebody asks, and are shared by all who do.
 */
export class Board {
  readonly #deps: BoardDeps;
  readonly #monotonicMs: () => number;
  readonly #gangs: Made<GangList>;
  readonly #nodes: Made<NodeBoard>;
  #queues: { version: number; changes: number; atMs: number };
  #policies: { version: number; rules: readonly unknown[] };

  constructor(deps: BoardDeps) {
    this.#deps = deps;
    this.#monotonicMs = deps.monotonicMs ?? (() => performance.now());
    const { board } = deps.scheduler;
    const monotonicMs = this.#monotonicMs;
    const { versionsAfter } = deps;
    this.#queues = { version: versionsAfter, changes: -1, atMs: -Infinity };
    this.#policies = { version: versionsAfter, rules: [] };
    const gangChanges = () => board.changes + deps.moreChanges();
    this.#gangs = new Made({
      make: (before) => this.#makeGangs(before),
      changes: gangChanges,
      monotonicMs,
      versionsAfter,
    });
    this.#nodes = new Made({
      make: (before) => this.#makeNodes(before),
      changes: () => board.nodeChanges,
      monotonicMs,
      versionsAfter,
    });
  }

  /** The list of gangs; its version is `gangsVersion` as soon as it is there. */
  gangs(): Promise<GangList> {
    this.#deps.onAsked?.();
    return this.#gangs.latest();
  }

  get gangsVersion(): number {
    return this.#gangs.version;
  }

  nodes(): Promise<NodeBoard> {
    return this.#nodes.latest();
  }

  get nodesVersion(): number {
    return this.#nodes.version;
  }

  /** What a reader of the map is told before anybody makes it. */
  get nextNodesVersion(): number {
    return this.#nodes.nextVersion;
  }

  /** Grows at most every two seconds, when what queues hold may have changed. */
  get queuesVersion(): number {
    const { board } = this.#deps.scheduler;
    const changes = board.changes + board.nodeChanges;
    const [known, atMs] = [this.#queues, this.#monotonicMs()];
    if (changes !== known.changes && atMs - known.atMs >= QUEUES_EVERY_MS)
      this.#queues = { version: known.version + 1, changes, atMs };
    return this.#queues.version;
  }

  /** Grows when the policy file was read again. */
  get policiesVersion(): number {
    const { policies, tenancy } = this.#deps.scheduler.rules;
    const { version, rules } = this.#policies;
    if (rules[0] !== policies || rules[1] !== tenancy)
      this.#policies = { version: version + 1, rules: [policies, tenancy] };
    return this.#policies.version;
  }

  *#makeGangs(before: GangList | undefined): Slices<GangList> {
    const { scheduler, nowMs, moreOf } = this.#deps;
    const rows = yield* scheduler.board.gangRows(nowMs());
    yield undefined;
    const more: BoardRow[] = [];
    for (const row of rows) {
      const of = moreFor(row, moreOf);
      more.push(of ? { ...row, ...of } : row);
      if (more.length % ROWS_A_SLICE === 0) yield undefined;
    }
    return yield* listOf(more, before);
  }

  *#makeNodes(before: NodeBoard | undefined): Slices<NodeBoard> {
    const map = yield* this.#deps.scheduler.board.nodeMap();
    const isSame = before !== undefined && hasSameNames(before.map, map);
    yield undefined;
    const indexOf = isSame ? before.indexOf : new Map(map.names.map((name, i) => [name, i]));
    return {
      map,
      indexOf,
      namesVersion: isSame ? before.namesVersion : (before?.namesVersion ?? this.#deps.versionsAfter) + 1,
    };
  }
}

/** A gang that has started since has no start any more, and one that waits no reservation. */
function moreFor(row: GangRow, moreOf: MoreOf): Partial<BoardRow> | undefined {
  const { reservedMs, startsAboutMs, startsLatestMs, isStartSought } = moreOf(row);
  if (row.phase !== 'waiting') return reservedMs === undefined ? undefined : { reservedMs };
  if (startsAboutMs !== undefined) return { startsAboutMs, startsLatestMs };
  return isStartSought ? { isStartSought } : undefined;
}

function hasSameNames(a: NodeMap, b: NodeMap): boolean {
  return (
    isSameList(a.names, b.names) &&
    a.groups.length === b.groups.length &&
    a.groups.every(({ key, values, of }, i) => {
      const other = b.groups[i]!;
      return key === other.key && isSameList(values, other.values) && isSameList(of, other.of);
    })
  );
}

const isSameList = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
