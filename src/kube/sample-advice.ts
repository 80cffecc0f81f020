import type { Scheduler } from '../core/scheduler.ts';

/** How many of the nodes kube-scheduler offered; see Scheduler.lastOffer. */
export type Offer = NonNullable<Scheduler['lastOffer']>;

/** Below so many nodes, looking at all of them costs less than telling kube-scheduler of those that it did not look at. */
const FEW_NODES = 2000;
/** What looks like a sample may once be all nodes that suit a pod. */
const OFTEN = 5;

type Advice = 'look at all' | 'look at fewer';

/**
 * Hints that kube-scheduler's percentageOfNodesToScore does not suit the size of the cluster, which only muster sees both of.
 * Gives each hint once. See docs/install-modes.md, "A sample of the nodes".
 */
export class SampleAdvice {
  #last: Advice | undefined;
  #times = 0;
  #asks = 0;
  readonly #given = new Set<Advice>();

  /**
   * Call now and then.
   * @param asks how many questions kube-scheduler has asked: without a new one there is nothing new to see
   * @returns the text of a hint that has not been given yet
   */
  look(offer: Offer, asks: number): string | undefined {
    if (asks === this.#asks) return undefined;
    this.#asks = asks;
    const advice = adviceOf(offer);
    this.#times = advice === this.#last ? this.#times + 1 : 1;
    this.#last = advice;
    if (advice === undefined || this.#times < OFTEN || this.#given.has(advice)) return undefined;
    this.#given.add(advice);
    return textOf(advice, offer);
  }
}

function adviceOf({ size, nodes, isSample }: Offer): Advice | undefined {
  if (nodes < FEW_NODES) return isSample ? 'look at all' : undefined;
  return !isSample && 2 * size > nodes ? 'look at fewer' : undefined;
}

const textOf = (advice: Advice, { size, nodes }: Offer): string =>
  advice === 'look at all'
    ? `kube-scheduler offers ${size} of ${nodes} nodes. If more would suit the pods, it looks at a sample: in a cluster of ` +
      'this size gangs start sooner with percentageOfNodesToScore: 100 in its profile (docs/install-modes.md)'
    : `kube-scheduler offers ${size} of ${nodes} nodes; in a cluster of this size it binds more pods a second ` +
      'without percentageOfNodesToScore in its profile (docs/install-modes.md)';
