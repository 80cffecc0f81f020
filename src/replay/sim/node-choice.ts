import type { NodeScore } from '../../core/decision.ts';
import type { NodeSearch } from '../kube-scheduler/node-search.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';
import { EXTENDER_WEIGHT } from '../kube-scheduler/profile.ts';
import { MAX_SCORE, PLUGIN_WEIGHTS, taintToleration } from '../kube-scheduler/score-plugins.ts';
import type { Random } from '../random.ts';

/** What a point of the extender is worth: its weight, on the plugins' scale (MaxNodeScore / MaxExtenderPriority). */
const ADVICE_WEIGHT = EXTENDER_WEIGHT * (MAX_SCORE / 10);

/**
 * Takes one of the nodes with the best total score, at random. Since v1.35 kube-scheduler draws among equals only if an
 * extender has scored them; otherwise it takes the one that its parallel filter workers found first, which a
 * replay cannot foretell: a draw stands for that, too.
 */
export class NodeChoice {
  readonly #search: NodeSearch;
  readonly #random: Random;
  #ties = new Int32Array(64);

  constructor(search: NodeSearch, random: Random) {
    this.#search = search;
    this.#random = random;
  }

  /**
   * @param places the nodes, one at least
   * @param advice the extender's scores in the order of the nodes; nodes that score 0 may be left out
   * @returns the place of the chosen node
   */
  best(kind: PodKind, places: Int32Array, advice: readonly NodeScore[] = []): number {
    if (this.#ties.length < places.length) this.#ties = new Int32Array(2 * places.length);
    const most = this.#mostUnwantedTaints(kind, places);
    let [best, ties, next] = [-Infinity, 0, 0];
    for (const place of places) {
      const advised =
        next < advice.length && advice[next]?.node === this.#search.nameAt(place) ? advice[next++] : undefined;
      const score =
        this.#search.roomScore(kind, place) +
        taintToleration(most === 0 ? 0 : this.#search.unwantedTaints(kind, place), most) *
          PLUGIN_WEIGHTS.TaintToleration +
        (advised?.score ?? 0) * ADVICE_WEIGHT;
      if (score > best) [best, ties] = [score, 0];
      if (score === best) this.#ties[ties++] = place;
    }
    return this.#ties[ties > 1 ? this.#random.below(ties) : 0]!;
  }

  #mostUnwantedTaints(kind: PodKind, places: Int32Array): number {
    let most = 0;
    if (this.#search.hasSoftTaints)
      for (const place of places) most = Math.max(most, this.#search.unwantedTaints(kind, place));
    return most;
  }
}
