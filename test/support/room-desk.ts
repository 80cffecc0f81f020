import type { RoomRequest, RoomRequestState } from '../../src/core/model.ts';
import type { RoomAsk, RoomAskRules } from '../../src/core/provisioning/room-request.ts';
import type { World } from './world.ts';

const ROOM_RULES: RoomAskRules = {
  isOff: false,
  afterMs: 10_000,
  most: 20,
  mostAtOnce: 100,
  validMs: 900_000,
  isAlive: () => true,
};

const nameOf = (gang: string, generation: number) => `${gang.slice(gang.indexOf('/') + 1)}-${generation}`;

/** Carries out what a world's scheduler wants to be asked of the autoscaler, and plays that one's answers. */
export class RoomDesk {
  readonly #world: World;
  readonly rules: RoomAskRules;
  /** The objects that exist, by `namespace/name`. */
  readonly objects = new Map<string, RoomRequest>();
  /** All asks so far. */
  readonly asks: RoomAsk[] = [];

  constructor(world: World, rules: Partial<RoomAskRules> = {}) {
    this.#world = world;
    this.rules = { ...ROOM_RULES, ...rules };
  }

  /** One decision, carried out. @returns what was written: `+gang` asked, `-gang` withdrawn */
  poll(rules: Partial<RoomAskRules> = {}): string[] {
    const { scheduler, nowMs } = this.#world;
    const { asks, withdrawals } = scheduler.roomAsks({ ...this.rules, ...rules }, nowMs);
    for (const { gang, name } of withdrawals) {
      this.objects.delete(`${gang} ${name}`);
      this.#world.learn({ kind: 'room-request-gone', gang, name });
    }
    this.asks.push(...asks);
    for (const ask of asks) this.#create(ask);
    return [...withdrawals.map(({ gang }) => `-${gang}`), ...asks.map(({ gang }) => `+${gang}`)];
  }

  /** Waits, and decides once a second. */
  wait(seconds: number): string[] {
    const out: string[] = [];
    for (let i = 0; i < seconds; i++) {
      this.#world.wait(1000);
      out.push(...this.poll());
    }
    return out;
  }

  #create({ gang, leader, generation, failures, shape }: RoomAsk): void {
    const { nowMs } = this.#world;
    const one = { gang, name: nameOf(gang, generation), leader: leader.uid, generation, failures, shape };
    this.put({ ...one, askedMs: nowMs, state: 'asked', sinceMs: nowMs, message: '' });
  }

  put(request: RoomRequest): void {
    this.objects.set(`${request.gang} ${request.name}`, request);
    this.#world.learn({ kind: 'room-request', request });
  }

  /** The autoscaler answers for the gang. */
  answer(gang: string, state: RoomRequestState, message = ''): void {
    const last = this.#world.scheduler.roomRequest(gang)!;
    this.put({ ...last, state, message, sinceMs: this.#world.nowMs });
  }
}
