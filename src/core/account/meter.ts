import { plus, type Vector } from '../resources.ts';
import type { RoomMeter } from '../queue/usage.ts';
import { NodeRooms, type NodeToMeter } from './node-rooms.ts';
import { QueueRows, type QueueRow } from './queue-rows.ts';
import { RoomTime } from './room-time.ts';
import type { BoundState } from './states.ts';

/** What a gang has in use at nodes that are there, and what for. */
interface MeteredGang {
  /** undefined: no queue answers for it. */
  row: QueueRow | undefined;
  isOver: boolean;
  state: BoundState;
  /** Whose eviction broke it; undefined: it is not broken by one, or nobody knows. */
  causer: QueueRow | undefined;
  readonly bound: Part;
  readonly held: Part;
}

interface Part {
  vector: Vector;
  rate: number;
  parts: number;
}

/**
 * Runs up what each queue has in use, by state, over time: resources and what they cost. Everything in use at a node that
 * is there is in one place: a state of a queue, or `overhead`. What a victim has is in no state from the decision on,
 * because its room is held for somebody else. A change costs O(columns).
 *
 * Its clock stands still while this muster does not decide, so that of two replicas one counts.
 */
export class Meter implements RoomMeter {
  readonly #nodes = new NodeRooms();
  readonly #rows = new QueueRows();
  readonly #gangs = new Map<string, MeteredGang>();
  /** DaemonSets, static pods, and whatever no queue counts. */
  readonly overhead = new RoomTime();
  #heardMs: number | undefined;
  #nowMs = 0;

  /** ms that have been counted. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get nodes(): Omit<NodeRooms, 'put' | 'remove' | 'use'> {
    return this.#nodes;
  }

  get rows(): Iterable<QueueRow> {
    return this.#rows.all();
  }

  /** It is `nowMs`. @param isCounting whether the time since the last call counts */
  at(nowMs: number, isCounting: boolean): void {
    const before = this.#heardMs ?? nowMs;
    if (nowMs < before) return;
    if (isCounting) this.#nowMs += nowMs - before;
    this.#heardMs = nowMs;
  }

  /** The node is there, or has changed; nothing may be in use there. @see gang/metering.ts */
  putNode(name: string, node: NodeToMeter): void {
    this.#nodes.put(this.#nowMs, name, node);
  }

  /** The node is gone; nothing may be in use there. */
  removeNode(name: string): void {
    this.#nodes.remove(this.#nowMs, name);
  }

  ofGang(key: string, node: string, { vector, what, sign }: Move): void {
    const room = this.#nodes.get(node);
    if (!room) return;
    const gang = this.#gang(key);
    const rate = this.#nodes.use(this.#nowMs, room, vector, sign);
    const part = gang[what];
    part.vector = plus(part.vector, vector, sign);
    part.rate += sign * rate;
    part.parts += sign;
    this.#roomOf(gang, what).add(this.#nowMs, vector, rate, sign);
    if (what === 'bound') gang.causer?.caused.add(this.#nowMs, vector, rate, sign);
    this.#forgetEmpty(key, gang);
  }

  ofSingle(path: string | undefined, node: string, { vector, sign }: Pick<Move, 'vector' | 'sign'>): void {
    const room = this.#nodes.get(node);
    if (!room) return;
    const rate = this.#nodes.use(this.#nowMs, room, vector, sign);
    const to = path === undefined ? this.overhead : this.#rows.of(path).states.working;
    to.add(this.#nowMs, vector, rate, sign);
  }

  /** The queue answers for the gang from now on. undefined: the gang is over; what is left of it stays its queue's. */
  assign(key: string, path: string | undefined): void {
    const gang = this.#gang(key);
    const row = path === undefined ? gang.row : this.#rows.of(path);
    if (gang.isOver && path !== undefined) this.toState(key, 'starting');
    gang.isOver = path === undefined;
    if (row !== gang.row) {
      this.#moveAll(gang, -1);
      gang.row = row;
      this.#moveAll(gang, 1);
    }
    this.#forgetEmpty(key, gang);
  }

  /** @param causer the path of the queue for which pods were evicted */
  toState(key: string, state: BoundState, causer?: string): void {
    const gang = this.#gangs.get(key);
    const by = causer === undefined ? undefined : this.#rows.of(causer);
    if (!gang || (gang.state === state && gang.causer === by)) return;
    this.#movePart(gang, 'bound', -1);
    gang.state = state;
    gang.causer = by;
    this.#movePart(gang, 'bound', 1);
  }

  stateOf(key: string): BoundState | undefined {
    return this.#gangs.get(key)?.state;
  }

  /** Evictions for a gang of the queue throw this work away, in core-seconds. */
  lose(path: string, coreSeconds: number): void {
    this.#rows.of(path).lost += coreSeconds;
  }

  /** So much of its guarantee the queue does not use and does not lend. */
  withhold(path: string, vector: Vector): void {
    this.#rows.of(path).unlent.set(this.#nowMs, vector, this.#nodes.averageRate(vector));
  }

  /** Forgets the rows of queues that are gone and empty, where there are too many; their sums stay. */
  fold(isThere: (path: string) => boolean): void {
    this.#rows.fold(this.#nowMs, isThere);
  }

  #gang(key: string): MeteredGang {
    let gang = this.#gangs.get(key);
    if (!gang) {
      const none = () => ({ vector: new Float64Array(0), rate: 0, parts: 0 });
      gang = { row: undefined, isOver: false, state: 'starting', causer: undefined, bound: none(), held: none() };
      this.#gangs.set(key, gang);
    }
    return gang;
  }

  #roomOf({ row, state }: MeteredGang, what: Move['what']): RoomTime {
    return row === undefined ? this.overhead : row.states[what === 'held' ? 'held' : state];
  }

  #moveAll(gang: MeteredGang, sign: 1 | -1): void {
    this.#movePart(gang, 'bound', sign);
    this.#movePart(gang, 'held', sign);
  }

  #movePart(gang: MeteredGang, what: Move['what'], sign: 1 | -1): void {
    const { vector, rate, parts } = gang[what];
    if (parts === 0) return;
    this.#roomOf(gang, what).add(this.#nowMs, vector, rate, sign);
    if (what === 'bound') gang.causer?.caused.add(this.#nowMs, vector, rate, sign);
  }

  #forgetEmpty(key: string, { bound, held, row, isOver }: MeteredGang): void {
    if (bound.parts === 0 && held.parts === 0 && (isOver || row === undefined)) this.#gangs.delete(key);
  }
}

type Move = Parameters<RoomMeter['ofGang']>[2];
