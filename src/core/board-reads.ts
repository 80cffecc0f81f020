import { gangRow, gangRows, type GangRow } from './board/gang-rows.ts';
import { nodeMap, type NodeMap } from './board/node-map.ts';
import type { NodeGroup } from './board/node-groups.ts';
import { placesOf, type Place } from './board/places.ts';
import { startTimes, type RowStart } from './board/start-times.ts';
import type { StateView } from './state.ts';
import type { Slices } from './work.ts';

/** What lists, maps and consoles read of the scheduler. Changes nothing. */
export class BoardReads {
  readonly #state: StateView;
  #changes = 0;
  /** By what nodes were grouped last: labels change seldom. */
  #groups: { readonly shape: number; readonly policies: unknown; readonly groups: readonly NodeGroup[] } | undefined;

  constructor(state: StateView) {
    this.#state = state;
  }

  /** Something was told or decided: the list of gangs may be another. The facade calls it. */
  changed(): void {
    this.#changes++;
  }

  /** Grows whenever the list of gangs may have changed. As time goes by, order and ends change without it. */
  get changes(): number {
    return this.#changes;
  }

  /** Grows whenever what is free, held or there on nodes may have changed. */
  get nodeChanges(): number {
    const { rowLog, shapeLog } = this.#state.cluster.table;
    return rowLog.position + shapeLog.position;
  }

  /** How many nodes there are. */
  get nodeCount(): number {
    return this.#state.cluster.table.size;
  }

  hasNode(name: string): boolean {
    return this.#state.cluster.table.rowOf(name) !== undefined;
  }

  /** All gangs in slices, those that wait first and in the order of admission. */
  gangRows(nowMs: number): Slices<readonly GangRow[]> {
    return gangRows(this.#state, nowMs);
  }

  /** One gang, without its position; undefined: there is none. */
  gangRow(key: string, nowMs: number): GangRow | undefined {
    return gangRow(this.#state, key, nowMs);
  }

  /** Where the members of a gang are; empty: there is no such gang, or it holds nothing. */
  places(key: string): readonly Place[] {
    return placesOf(this.#state, key);
  }

  /** When the first gangs that wait start, in slices; undefined: nodes changed meanwhile. @param most so many gangs */
  startTimes(nowMs: number, most: number): Slices<ReadonlyMap<string, RowStart> | undefined> {
    return startTimes(this.#state, nowMs, most);
  }

  /** All nodes by columns, in slices. */
  *nodeMap(): Slices<NodeMap> {
    const { cluster, policies } = this.#state;
    const shape = cluster.table.shapeLog.position;
    const known = this.#groups;
    const isSame = known?.shape === shape && known.policies === policies;
    const map = yield* nodeMap(this.#state, isSame ? known.groups : undefined);
    this.#groups = { shape, policies, groups: map.groups };
    return map;
  }
}
