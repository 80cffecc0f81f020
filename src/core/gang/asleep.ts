import type { GangPod, PodRef } from '../model.ts';
import { refOf } from './gang.ts';

interface Sleeper {
  readonly gang: string;
  readonly role: string;
  readonly pod: PodRef;
}

/**
 * Members that were refused while the slot for them had no place. kube-scheduler sees no event when muster finds a place
 * later on (a pause is over, a reservation has expired), and would ask again when the slot has long expired.
 */
export class Asleep {
  /** By UID, in the order in which they were refused. */
  readonly #members = new Map<string, Sleeper>();

  note(pod: GangPod): void {
    const { gang, role } = pod.membership;
    this.#members.set(pod.uid, { gang, role, pod: refOf(pod) });
  }

  /** It is gone, or kube-scheduler asks about it again. */
  drop(uid: string): void {
    this.#members.delete(uid);
  }

  /** Who is to be woken now that so many slots of the role have a place. O(members asleep). */
  take(gang: string, role: string, count: number): readonly PodRef[] {
    const out: PodRef[] = [];
    for (const [uid, one] of this.#members) {
      if (out.length === count) break;
      if (one.gang !== gang || one.role !== role) continue;
      this.#members.delete(uid);
      out.push(one.pod);
    }
    return out;
  }
}
