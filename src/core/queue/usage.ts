import type { BoundPod, BoundRoom, RoomCounter } from '../cluster/cluster.ts';
import type { PodInfo } from '../model.ts';
import type { Vector } from '../resources.ts';
import { Tally } from './tally.ts';
import type { QueueNode } from './tree.ts';

/** Who answers for what a gang or a single pod holds. */
export interface Account {
  readonly leaf: QueueNode;
  readonly user: string;
}

/** Hears of all room that comes into use at a node (1) or goes out of it (-1), and who answers for it. */
export interface RoomMeter {
  ofGang(
    gang: string,
    node: string,
    change: { readonly vector: Vector; readonly what: 'bound' | 'held'; readonly sign: 1 | -1 },
  ): void;
  /** @param path of the queue that counts it; undefined: none does */
  ofSingle(path: string | undefined, node: string, change: { readonly vector: Vector; readonly sign: 1 | -1 }): void;
  /** @param path of the queue that answers for the gang from now on; undefined: the gang is over */
  assign(gang: string, path: string | undefined): void;
}

const nothing = () => undefined;
const UNMETERED: RoomMeter = { ofGang: nothing, ofSingle: nothing, assign: nothing };

interface GangHolds {
  readonly namespace: string;
  readonly holds: Tally;
  /** undefined: no leader declares it, or none any more. */
  account: Account | undefined;
  /** The first of its pods that was seen bound: while nobody declares the gang, its pods count as this one would alone. */
  sample: PodInfo | undefined;
  /** Who is charged. */
  owner: Account | undefined;
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
  readonly #groups = new Map<string, Tally>();
  #groupsOf: (namespace: string) => readonly string[] = () => [];
  /** What no queue counts. */
  readonly uncounted = new Tally();
  /** Changes with every change of what somebody holds. */
  version = 0;
  #accountOf: AccountOfPod = () => undefined;
  readonly #meter: RoomMeter;

  constructor(meter: RoomMeter = UNMETERED) {
    this.#meter = meter;
  }

  /** What the gang holds; undefined: nothing. */
  ofGang(gang: string): Tally | undefined {
    return this.#gangs.get(gang)?.holds;
  }

  /** Who answers for what the gang's pods and slots hold; undefined: nobody, or it holds nothing and is not declared. */
  ownerOf(gang: string): Account | undefined {
    return this.#gangs.get(gang)?.owner;
  }

  /** Who answers for a bound pod of no gang. */
  ownerOfPod(uid: string): Account | undefined {
    return this.#singles.get(uid);
  }

  /** Who would answer for a pod of no gang if it were bound. */
  ownerOfPending(pod: PodInfo): Account | undefined {
    return this.#accountOf(pod);
  }

  /** What pods of each namespace hold, whether a queue counts them or not, without those that stay with a node. */
  get namespaces(): ReadonlyMap<string, Tally> {
    return this.#namespaces;
  }

  /** What pods of all namespaces of a group hold. Without groups that hold nothing. */
  get groups(): ReadonlyMap<string, Tally> {
    return this.#groups;
  }

  /** There are other groups of namespaces. */
  setGroups(groupsOf: (namespace: string) => readonly string[]): void {
    this.#groupsOf = groupsOf;
    this.#groups.clear();
    for (const [namespace, holds] of this.#namespaces)
      for (const group of groupsOf(namespace)) {
        const tally = tallyIn(this.#groups, group);
        tally.addAll(holds, 1);
        tally.gangs += holds.gangs;
      }
  }

  hold(gang: string, vector: Vector, node: string): void {
    this.#gangPart(gang, (tally) => tally.hold(vector, 1));
    this.#meter.ofGang(gang, node, { vector, what: 'held', sign: 1 });
  }

  release(gang: string, vector: Vector, node: string): void {
    this.#gangPart(gang, (tally) => tally.hold(vector, -1));
    this.#meter.ofGang(gang, node, { vector, what: 'held', sign: -1 });
  }

  bind({ pod, vector, node }: BoundRoom): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) {
      this.#sampled(gang, pod);
      this.#gangPart(gang, (tally) => tally.add(vector, 1));
    } else {
      const account = this.#accountOf(pod);
      if (account) this.#singles.set(pod.uid, account);
      if (account) account.leaf.answersFor++;
      this.#singlePart(pod, (tally) => tally.add(vector, 1));
    }
    this.meterPod({ pod, vector, node }, 1);
  }

  unbind({ pod, vector, node }: BoundRoom): void {
    this.meterPod({ pod, vector, node }, -1);
    const gang = pod.membership?.gang;
    if (gang !== undefined) return this.#gangPart(gang, (tally) => tally.add(vector, -1));
    this.#singlePart(pod, (tally) => tally.add(vector, -1));
    const account = this.#singles.get(pod.uid);
    if (account) account.leaf.answersFor--;
    this.#singles.delete(pod.uid);
  }

  /** While a pod leaves, its room is held for somebody else, and metered as that. */
  leave({ pod, vector, node }: BoundRoom, sign: 1 | -1): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) this.#gangPart(gang, (tally) => tally.leave(vector, sign));
    else this.#singlePart(pod, (tally) => tally.leave(vector, sign));
    this.meterPod({ pod, vector, node }, sign === 1 ? -1 : 1);
  }

  /** Tells the meter alone: the node of a bound pod comes, goes or changes. */
  meterPod({ pod, vector, node }: BoundRoom, sign: 1 | -1): void {
    const gang = pod.membership?.gang;
    if (gang !== undefined) this.#meter.ofGang(gang, node, { vector, what: 'bound', sign });
    else this.#meter.ofSingle(this.#singles.get(pod.uid)?.leaf.path, node, { vector, sign });
  }

  /**
   * From now on the account answers for the gang; undefined: the gang is over, and what its pods still hold counts as if
   * they were in none.
   */
  assign(gang: string, account: Account | undefined): void {
    const known = this.#holdsOf(gang);
    known.account = account;
    this.#charge(known);
    this.#meter.assign(gang, account?.leaf.path);
    this.#forgetEmpty(gang, known);
  }

  /**
   * There are new rules for pods of no gang: all of these are counted anew, and those of gangs that nobody declares.
   * Other gangs must be assigned again, one by one.
   */
  recountSingles(accountOf: AccountOfPod, pods: Iterable<BoundPod>): void {
    const singles = [...pods].filter(({ pod }) => !pod.membership);
    for (const bound of singles) {
      if (bound.isLeaving) this.leave(bound, -1);
      this.unbind(bound);
    }
    this.#accountOf = accountOf;
    for (const bound of singles) {
      this.bind(bound);
      if (bound.isLeaving) this.leave(bound, 1);
    }
    for (const [gang, known] of this.#gangs) if (!known.account) this.#chargeSample(gang, known);
  }

  #gangPart(gang: string, change: (tally: Tally) => void): void {
    const known = this.#holdsOf(gang);
    const { holds, namespace, owner: account } = known;
    const before = holds.parts;
    change(holds);
    const gangs = Number(holds.parts > 0) - Number(before > 0);
    this.#change({ namespace, account, gangs }, change);
    this.#forgetEmpty(gang, known);
  }

  /** A pod that stays with its node is no part of what its namespace may hold. */
  #singlePart({ namespace, uid, evictionTraits }: PodInfo, change: (tally: Tally) => void): void {
    const counted = evictionTraits?.isPinned ? undefined : namespace;
    this.#change({ namespace: counted, account: this.#singles.get(uid), gangs: 0 }, change);
  }

  #sampled(gang: string, pod: PodInfo): void {
    const known = this.#holdsOf(gang);
    if (known.sample) return;
    known.sample = pod;
    if (!known.account) this.#chargeSample(gang, known);
  }

  /** No leader is there that would say whose it is: its first member does. */
  #chargeSample(gang: string, known: GangHolds): void {
    this.#charge(known);
    if (known.owner) this.#meter.assign(gang, known.owner.leaf.path);
  }

  /** Lets what the gang holds count for whoever answers for it now. */
  #charge(known: GangHolds): void {
    const owner = known.account ?? (known.sample && this.#accountOf(known.sample));
    if (known.owner?.leaf === owner?.leaf && known.owner?.user === owner?.user) return;
    this.#moveAll(known, -1);
    if (known.owner) known.owner.leaf.answersFor--;
    known.owner = owner;
    if (owner) owner.leaf.answersFor++;
    this.#moveAll(known, 1);
    this.version++;
  }

  #holdsOf(gang: string): GangHolds {
    let known = this.#gangs.get(gang);
    if (!known) {
      const namespace = gang.slice(0, Math.max(0, gang.indexOf('/')));
      known = { namespace, holds: new Tally(), account: undefined, sample: undefined, owner: undefined };
      this.#gangs.set(gang, known);
    }
    return known;
  }

  #forgetEmpty(gang: string, { holds, account, owner }: GangHolds): void {
    if (holds.parts > 0 || account) return;
    if (owner) {
      owner.leaf.answersFor--;
      this.#meter.assign(gang, undefined);
    }
    this.#gangs.delete(gang);
  }

  /** @param gangs how many gangs more hold something from now on */
  #change({ namespace, account, gangs }: Part, change: (tally: Tally) => void): void {
    this.version++;
    const both = (tally: Tally) => {
      change(tally);
      tally.gangs += gangs;
    };
    if (namespace !== undefined) this.#changeNamespace(namespace, both);
    if (account) eachOf(account, both);
    else both(this.uncounted);
  }

  #changeNamespace(namespace: string, change: (tally: Tally) => void): void {
    change(tallyIn(this.#namespaces, namespace));
    forgetEmpty(this.#namespaces, namespace);
    for (const group of this.#groupsOf(namespace)) {
      change(tallyIn(this.#groups, group));
      forgetEmpty(this.#groups, group);
    }
  }

  /** Adds or takes away all that it holds from whoever is charged for it. */
  #moveAll({ holds, owner: account }: GangHolds, sign: 1 | -1): void {
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
  /** undefined: no namespace counts it. */
  readonly namespace: string | undefined;
  readonly account: Account | undefined;
  readonly gangs: number;
}

/** The tallies of its leaf and all queues above that, and of its user where that counts. */
function eachOf({ leaf, user }: Account, change: (tally: Tally) => void): void {
  for (let node: QueueNode | undefined = leaf; node; node = node.parent) {
    change(node.holds);
    if (!node.countsUsers) continue;
    change(tallyIn(node.users, user));
    forgetEmpty(node.users, user);
  }
}

function tallyIn(tallies: Map<string, Tally>, key: string): Tally {
  let tally = tallies.get(key);
  if (!tally) tallies.set(key, (tally = new Tally()));
  return tally;
}

function forgetEmpty(tallies: Map<string, Tally>, key: string): void {
  if (tallies.get(key)?.parts === 0) tallies.delete(key);
}
