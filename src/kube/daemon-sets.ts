import type { PodInfo } from '../core/model.ts';
import { nameAt, objectAt, own, type Json } from '../intake/field.ts';
import type { DaemonSetClaim, DaemonSets } from '../intake/pinned.ts';
import type { Mirror } from './reflector.ts';

/**
 * Mirrors the DaemonSets (name, namespace and UID) and verifies the pods that claim to be theirs: a pod of a DaemonSet
 * is never evicted, and whoever may create a pod may name any owner. Until the DaemonSets are listed, and where muster
 * may not list them, every claim is believed.
 */
export class DaemonSetMirror implements DaemonSets {
  readonly #onJudged: (pod: PodInfo) => void;
  /** UIDs by `namespace/name`. A DaemonSet that is being deleted no longer makes or adopts pods, and is left out. */
  readonly #uids = new Map<string, string>();
  #isListed = false;
  /** Pods that name a DaemonSet as their controller, by UID. */
  readonly #claimants = new Map<string, { pod: PodInfo; readonly claim: DaemonSetClaim }>();

  readonly source: Mirror<string | undefined> = {
    kind: 'daemonsets',
    path: '/apis/apps/v1/daemonsets',
    isOptional: true,
    keyOf: (object) => `${metadataName(object, 'namespace')}/${metadataName(object, 'name')}`,
    project: (object) => (own(metadataOf(object), 'deletionTimestamp') ? undefined : metadataName(object, 'uid')),
    onPut: (key, uid) => this.#put(key, uid),
    onGone: (key) => this.#put(key, undefined),
    onListed: (isPresent) => this.#listed(isPresent),
  };

  /** @param onJudged receives a pod that is judged otherwise than before */
  constructor(onJudged: (pod: PodInfo) => void) {
    this.#onJudged = onJudged;
  }

  has({ daemonSet, uid }: DaemonSetClaim): boolean {
    return !this.#isListed || this.#uids.get(daemonSet) === uid;
  }

  /** Follows the pod's claim from now on. @returns the pod as the DaemonSets are now: they may have changed since it was read */
  follow(pod: PodInfo, claim: DaemonSetClaim | undefined): PodInfo {
    if (!claim) {
      this.#claimants.delete(pod.uid);
      return pod;
    }
    const judged = pinnedOrNot(pod, this.has(claim));
    this.#claimants.set(pod.uid, { pod: judged, claim });
    return judged;
  }

  forget(uid: string): void {
    this.#claimants.delete(uid);
  }

  #put(key: string, uid: string | undefined): void {
    // The status of a DaemonSet changes with each of its pods.
    if (this.#uids.get(key) === uid) return;
    if (uid === undefined) this.#uids.delete(key);
    else this.#uids.set(key, uid);
    if (this.#isListed) this.#judge(({ daemonSet }) => daemonSet === key);
  }

  #listed(isPresent: boolean): void {
    if (isPresent === this.#isListed) return;
    this.#isListed = isPresent;
    this.#judge(() => true);
  }

  #judge(isConcerned: (claim: DaemonSetClaim) => boolean): void {
    for (const claimant of this.#claimants.values()) {
      const { pod, claim } = claimant;
      if (!isConcerned(claim)) continue;
      claimant.pod = pinnedOrNot(pod, this.has(claim));
      if (claimant.pod !== pod) this.#onJudged(claimant.pod);
    }
  }
}

function pinnedOrNot(pod: PodInfo, isPinned: boolean): PodInfo {
  const { isPinned: was, ...traits } = pod.evictionTraits ?? {};
  if (isPinned === (was === true)) return pod;
  return { ...pod, evictionTraits: isPinned ? { ...traits, isPinned } : traits };
}

const metadataOf = (object: Json) => objectAt(object, 'metadata', 'DaemonSet') ?? {};
const metadataName = (object: Json, key: 'name' | 'namespace' | 'uid') =>
  nameAt(metadataOf(object), key, 'DaemonSet.metadata');
