import type { Vector } from '../../core/resources.ts';
import type { Random } from '../random.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';
import { bestCandidates, candidatesToFind, victimsOn, type Candidate } from '../kube-scheduler/victims.ts';
import type { SimPod } from './job-run.ts';
import { PreemptionOutlook } from './preemption-outlook.ts';
import type { BoundPod, Truth } from './truth.ts';

/**
 * kube-scheduler's DefaultPreemption, for one pod that fits nowhere (pkg/scheduler/framework/preemption, v1.36): which
 * pods it evicts for it, on one node, which it nominates for the pod. The room there is then not for other pods of the
 * same or lower priority.
 */
export class KubePreemption {
  readonly #truth: Truth;
  readonly #random: Random;
  /** For each kind of pods, by priority: where evictions might help. A kind is dropped when nodes come or go. */
  readonly #outlooks = new WeakMap<PodKind, Map<number, PreemptionOutlook>>();

  constructor(truth: Truth, random: Random) {
    this.#truth = truth;
    this.#random = random;
  }

  /** @returns the victims; none if no eviction helps, or while victims on its nominated node are terminating */
  victimsFor(pod: SimPod, kind: PodKind): readonly SimPod[] {
    const { nominations } = this.#truth;
    const { uid } = pod.info;
    if (this.#isWaitingForVictims(pod)) return [];
    const best = bestCandidates(this.candidatesFor(pod, kind));
    const chosen = best.length > 1 ? best[this.#random.below(best.length)] : best[0];
    if (!chosen) {
      nominations.delete(uid);
      return [];
    }
    nominations.add(pod.info, chosen.node, kind.vector);
    // Where all victims are terminating already there is nothing to evict, and the others stay nominated.
    if (chosen.victims.some((victim) => !victim.pod.isEvicted)) nominations.clearLower(pod.info, chosen.node);
    return chosen.victims.map((victim) => victim.pod);
  }

  /** PodEligibleToPreemptOthers. */
  #isWaitingForVictims({ info }: SimPod): boolean {
    const node = this.#truth.nominations.nodeOf(info.uid);
    const row = node === undefined ? undefined : this.#truth.table.rowOf(node);
    if (row === undefined) return false;
    return this.#truth.podsAt(row).some(({ pod, priority }) => priority < info.priority && pod.isEvicted);
  }

  /** Dry runs on one node after the other, from a random one on, until there are enough candidates. */
  candidatesFor(pod: SimPod, kind: PodKind): readonly Candidate<BoundPod>[] {
    if (pod.info.priority <= this.#truth.leastPriority) return [];
    const outlook = this.#outlookOf(kind, pod.info.priority);
    const own = this.#nominatedPlace(pod);
    if (outlook.isHopeless() && own === undefined) return [];
    const { places } = outlook;
    const wanted = candidatesToFind(places.length);
    const offset = this.#random.below(places.length);
    const found: Candidate<BoundPod>[] = [];
    for (let i = 0; i < places.length && found.length < wanted; i++) {
      const place = places[(offset + i) % places.length]!;
      const one = outlook.helpsAt(place) || place === own ? this.#dryRun(pod, kind.vector, place) : undefined;
      if (one) found.push(one);
    }
    return found;
  }

  #nominatedPlace({ info }: SimPod): number | undefined {
    const { nominations, search, table } = this.#truth;
    const node = nominations.nodeOf(info.uid);
    return node === undefined ? undefined : search.placeOf(table.rowOf(node));
  }

  #dryRun({ info }: SimPod, request: Vector, place: number): Candidate<BoundPod> | undefined {
    const { search, table, nominations } = this.#truth;
    const row = search.rowAt(place);
    const node = search.nameAt(place);
    const nominated = nominations.before(info, node);
    const room = Float64Array.from(request, (_, c) => table.free[c]![row]! - (nominated?.[c] ?? 0));
    const lower = this.#truth.podsAt(row).filter(({ priority }) => priority < info.priority);
    const victims = victimsOn(lower, room, request);
    return victims && { node, victims };
  }

  #outlookOf(kind: PodKind, priority: number): PreemptionOutlook {
    let byPriority = this.#outlooks.get(kind);
    if (!byPriority) this.#outlooks.set(kind, (byPriority = new Map<number, PreemptionOutlook>()));
    let outlook = byPriority.get(priority);
    if (!outlook) byPriority.set(priority, (outlook = new PreemptionOutlook(this.#truth, kind, priority)));
    outlook.catchUp();
    return outlook;
  }
}
