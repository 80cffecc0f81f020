import type { Clock } from '../../clock.ts';
import type { ClusterEvent, RoomRequest } from '../../core/model.ts';
import type { RoomAsk } from '../../core/provisioning/room-request.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { ReflectorNote } from '../reflector.ts';
import { ApiError, type Transport } from '../transport.ts';
import type { WriteOutcome, WriteQueue } from '../write-queue.ts';
import { NAME_TAKEN, ProvisioningApi, type WrittenRequest } from './provisioning-api.ts';
import { requestName, type RequestClass } from './request-object.ts';
import { RequestWatch, type SeenRequest } from './request-watch.ts';

/** How the autoscaler is asked for nodes. */
export interface ProvisioningRules {
  /** undefined: ask for nothing, and withdraw what was asked. */
  readonly requestClass: RequestClass | undefined;
  /** How long a gang waits for room before, in ms. */
  readonly afterMs: number;
  /** The most gangs that wait for an answer at a time. */
  readonly most: number;
  /** How long the autoscaler may take, in ms. */
  readonly validMs: number;
}

export interface ProvisionerDeps {
  readonly rules: ProvisioningRules;
  readonly transport: Transport;
  readonly scheduler: Pick<Scheduler, 'roomAsks' | 'blocked'>;
  readonly clock: Pick<Clock, 'nowMs' | 'fromWall'>;
  readonly queue: WriteQueue;
  readonly schedulerName: string;
  readonly isLeading: () => boolean;
  /** Whether the API server has a living pod of that UID. */
  readonly isAlive: (uid: string) => boolean;
  readonly observe: (event: ClusterEvent) => void;
  readonly onNote: (note: ReflectorNote) => void;
  readonly watchMs: number;
}

export type ProvisioningWrite = 'ask' | 'withdraw';

/** More would crowd other writes out: each is an object for every role, and one for the gang. */
const MOST_AT_ONCE = 2;
const MOST_WITHDRAWALS_AT_ONCE = 10;

/**
 * Asks the autoscaler for nodes, by ProvisioningRequests. The core decides; this writes, and tells the core what the API
 * server has. The objects are the memory: after a restart they say what has been asked for and how often it failed.
 */
export class Provisioner {
  readonly #deps: ProvisionerDeps;
  readonly #api: ProvisioningApi;
  readonly #watch: RequestWatch;
  readonly #templates = new Map<string, number>();
  /** Objects that are being deleted. */
  readonly #leaving = new Set<string>();
  /** How many writes ended how. */
  readonly writes = new Map<`${ProvisioningWrite} ${WriteOutcome}`, number>();

  constructor(deps: ProvisionerDeps) {
    this.#deps = deps;
    const { transport, rules, schedulerName, clock, onNote, watchMs, observe } = deps;
    this.#api = new ProvisioningApi(transport, rules.requestClass ?? { name: '', parameters: {} }, schedulerName);
    this.#watch = new RequestWatch({
      transport,
      nowMs: clock.nowMs,
      fromWall: clock.fromWall,
      onNote,
      watchMs,
      onPut: (seen) => {
        this.#templates.set(keyOf(seen.request), seen.templates);
        observe({ kind: 'room-request', request: seen.request });
      },
      onGone: (seen) => this.#onGone(seen),
    });
  }

  /** Whether the API server has ProvisioningRequests and muster may read them. */
  get isAvailable(): boolean {
    return this.#watch.version !== undefined;
  }

  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
  }

  retryNow(): void {
    this.#watch.retryNow();
  }

  /** The collections that the server may come to have. */
  missing(): ReturnType<RequestWatch['missing']> {
    return this.#watch.missing();
  }

  /** Writes what the core wants to be asked or withdrawn; call every second. */
  poll(): void {
    const { scheduler, clock, rules, isLeading, isAlive } = this.#deps;
    if (!this.isAvailable || !isLeading() || scheduler.blocked !== undefined) return;
    const isOff = rules.requestClass === undefined;
    const { asks, withdrawals } = scheduler.roomAsks(
      { ...rules, isOff, isAlive, mostAtOnce: MOST_AT_ONCE },
      clock.nowMs(),
    );
    for (const request of withdrawals) this.#withdraw(request);
    for (const ask of asks) this.#ask(ask);
  }

  #ask(ask: RoomAsk): void {
    const { queue, observe, isLeading } = this.#deps;
    const { gang, generation, leader, podSets } = ask;
    const written = {
      namespace: leader.namespace,
      name: requestName({ leader: leader.uid, generation }),
      templates: podSets.length,
    };
    const run = async () => {
      const { version } = this.#watch;
      if (version === undefined || !isLeading()) throw new ApiError(410, 'Overtaken', 'this muster no longer decides');
      await this.#api.ask(ask, version);
    };
    queue.push(`room-request ${keyOf({ gang, name: written.name })}`, run, (outcome, error) => {
      this.#count('ask', outcome);
      if (outcome === 'done') return;
      const reason = error instanceof Error ? error.message : 'the write was dropped';
      observe({ kind: 'room-request-failed', gang, generation, reason: reason.slice(0, 300) });
      // What was written of it; of another hand's objects nothing is deleted.
      if (!(error instanceof ApiError && error.reason === NAME_TAKEN)) this.#delete(gang, written);
    });
  }

  #withdraw({ gang, name }: RoomRequest): void {
    if (this.#leaving.size >= MOST_WITHDRAWALS_AT_ONCE) return;
    const templates = this.#templates.get(keyOf({ gang, name })) ?? 0;
    this.#delete(gang, { namespace: gang.slice(0, gang.indexOf('/')), name, templates });
  }

  #delete(gang: string, request: WrittenRequest): void {
    const key = keyOf({ gang, name: request.name });
    if (this.#leaving.has(key)) return;
    this.#leaving.add(key);
    const run = async () => {
      const { version } = this.#watch;
      if (version !== undefined && this.#deps.isLeading()) await this.#api.withdraw(request, version);
    };
    this.#deps.queue.push(`room-request-end ${key}`, run, (outcome) => {
      this.#leaving.delete(key);
      this.#count('withdraw', outcome);
    });
  }

  /** Where another hand deleted the request, its templates are of no use. */
  #onGone({ request, templates }: SeenRequest): void {
    const { observe, isLeading } = this.#deps;
    const { gang, name } = request;
    this.#templates.delete(keyOf(request));
    observe({ kind: 'room-request-gone', gang, name });
    const isOurs = this.#leaving.has(keyOf(request));
    if (!isOurs && isLeading()) this.#delete(gang, { namespace: gang.slice(0, gang.indexOf('/')), name, templates });
  }

  #count(what: ProvisioningWrite, outcome: WriteOutcome): void {
    const key = `${what} ${outcome}` as const;
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
  }
}

/** Unique in the cluster: the namespace is that of the gang. */
const keyOf = ({ gang, name }: Pick<RoomRequest, 'gang' | 'name'>) => `${gang.slice(0, gang.indexOf('/'))}/${name}`;
