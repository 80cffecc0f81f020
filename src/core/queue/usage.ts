import type { BoundPod, RoomCounter } from '../cluster/cluster.ts';
import type { PodInfo } from '../model.ts';
import type { Vector } from '../resources.ts';
import { Tally } from './tally.ts';
import type { QueueNode } from './tree.ts';

/** Who answers for what a gang or a single pod holds. */
export interface Account {
  readonly leaf: QueueNode;
  readonly user: string;
}

interface GangHolds {
  readonly namespace: string;
  readonly holds: Tally;
  account: Account | undefined;
}

/** Which queue counts a pod of no gang; undefined: none. */
export type AccountOfPod = (pod: PodInfo) => Account | undefined;

/**
 * What each queue, user and namespace holds: the requests of bound pods, and what reservations hold. The only place that
 * adds it up. Fed by two hooks, the cluster's bound pods and the ledger's holds; `checkInvariants` recounts it.
 */
export class Usage implements RoomCounter {
  readonly #gangs = new Map<string, GangHolds>();
  /** Of bound pods of no gang, by UID; those that no queue counts are not in it. */
  readonly #singles = new Map<string, Account>();
  readonly #namespaces = new Map<string, Tally>();
  /** What no queue counts. */
  readonly uncounted = new Tally();
  /** Changes with every change of what somebody holds. */
  version = 0;
  #accountOf: AccountOfPod = () => undefined;

  /** What the gang holds; undefined: nothing. */
  ofGang(gang: string): Tally | undefined {
    return this.#gangs.get(gang)?.holds;
  }

  /** What pods of each namespace hold, whether a queue counts them or not. */
  get namespaces(): ReadonlyMap<string, Tally> {
    return this.#namespaces;
  }

  hold(gang: string, vector: Vector): void {
    this.#gangPart(gang, (tally) => tally.hold(vector, 1));
  }

  release(gang: string, vector: Vector): void {
    this.#gangPart(gang, (tally) => tally.hold(vector, -1));
  }

  bind(pod: PodInfo, vector: Vector): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) return this.#gangPart(gang, (tally) => tally.add(vector, 1));
    const account = this.#accountOf(pod);
    if (account) this.#singles.set(pod.uid, account);
    this.#singlePart(pod, (tally) => tally.add(vector, 1));
  }

  unbind(pod: PodInfo, vector: Vector): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) return this.#gangPart(gang, (tally) => tally.add(vector, -1));
    this.#singlePart(pod, (tally) => tally.add(vector, -1));
    this.#singles.delete(pod.uid);
  }

  leave(pod: PodInfo, vector: Vector, sign: 1 | -1): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) this.#gangPart(gang, (tally) => tally.leave(vector, sign));
    else this.#singlePart(pod, (tally) => tally.leave(vector, sign));
  }

  /** From now on the account answers for the gang; undefined: the gang is over, and what its pods still hold is nobody's. */
  assign(gang: string, account: Account | undefined): void {
    const known = this.#holdsOf(gang);
    if (known.account?.leaf !== account?.leaf || known.account?.user !== account?.user) {
      this.#moveAll(known, -1);
      known.account = account;
      this.#moveAll(known, 1);
      this.version++;
    }
    this.#forgetEmpty(gang, known);
  }

  /** There are new rules for pods of no gang: all of these are counted anew. Gangs must be assigned again, one by one. */
  recountSingles(accountOf: AccountOfPod, pods: Iterable<BoundPod>): void {
    const each = (change: (bound: BoundPod) => void) => {
      for (const bound of pods) if (!bound.pod.membership) change(bound);
    };
    each(({ pod, vector, isLeaving }) => {
      if (isLeaving) this.leave(pod, vector, -1);
      this.unbind(pod, vector);
    });
    this.#accountOf = accountOf;
    each(({ pod, vector, isLeaving }) => {
      this.bind(pod, vector);
      if (isLeaving) this.leave(pod, vector, 1);
    });
  }

  #gangPart(gang: string, change: (tally: Tally) => void): void {
    const known = this.#holdsOf(gang);
    const { holds, namespace, account } = known;
    const before = holds.parts;
    change(holds);
    const gangs = Number(holds.parts > 0) - Number(before > 0);
    this.#change({ namespace, account, gangs }, change);
    this.#forgetEmpty(gang, known);
  }

  #singlePart({ namespace, uid }: PodInfo, change: (tally: Tally) => void): void {
    this.#change({ namespace, account: this.#singles.get(uid), gangs: 0 }, change);
  }

  #holdsOf(gang: string): GangHolds {
    let known = this.#gangs.get(gang);
    if (!known) {
      const namespace = gang.slice(0, Math.max(0, gang.indexOf('/')));
      this.#gangs.set(gang, (known = { namespace, holds: new Tally(), account: undefined }));
    }
    return known;
  }

  #forgetEmpty(gang: string, { holds, account }: GangHolds): void {
    if (holds.parts === 0 && account === undefined) this.#gangs.delete(gang);
  }

  /** @param gangs how many gangs more hold something from now on */
  #change({ namespace, account, gangs }: Part, change: (tally: Tally) => void): void {
    this.version++;
    const both = (tally: Tally) => {
      change(tally);
      tally.gangs += gangs;
    };
    both(tallyIn(this.#namespaces, namespace));
    forgetEmpty(this.#namespaces, namespace);
    if (account) eachOf(account, both);
    else both(this.uncounted);
  }

  /** Adds or takes away all that it holds from whoever answers for it. */
  #moveAll({ holds, account }: GangHolds, sign: 1 | -1): void {
    if (holds.parts === 0) return;
    const move = (tally: Tally) => {
      tally.addAll(holds, sign);
      tally.gangs += sign;
    };
    if (account) eachOf(account, move);
    else move(this.uncounted);
  }
}

interface Part {
  readonly namespace: string;
  readonly account: Account | undefined;
  readonly gangs: number;
}

/** The tallies of its user, its leaf and all queues above that. */
function eachOf({ leaf, user }: Account, change: (tally: Tally) => void): void {
  change(tallyIn(leaf.users, user));
  forgetEmpty(leaf.users, user);
  for (let node: QueueNode | undefined = leaf; node; node = node.parent) change(node.holds);
}

function tallyIn(tallies: Map<string, Tally>, key: string): Tally {
  let tally = tallies.get(key);
  if (!tally) tallies.set(key, (tally = new Tally()));
  return tally;
}

function forgetEmpty(tallies: Map<string, Tally>, key: string): void {
  if (tallies.get(key)?.parts === 0) tallies.delete(key);
}
