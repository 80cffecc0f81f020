import type { Gang } from '../../gang/gang.ts';
import type { QueueNode } from '../../queue/tree.ts';
import type { Vector } from '../../resources.ts';
import type { OpenKind } from './census-entries.ts';
import { coresOf, missesDeadline, type CostModel, type Worker } from './eviction-cost.ts';
import { rightOver, type Preemptor } from './exclusion-rules.ts';
import type { JudgedPod } from './judged-pod.ts';
import { leafOf, type Right } from './share-rules.ts';
import { VictimGang, type MemberCount } from './victim-gang.ts';

/** The part of a search's input that a pool reads. */
export interface PoolInput extends Preemptor {
  readonly ctx: Preemptor['ctx'] & { readonly gangs: ReadonlyMap<string, Gang> };
}

/** What a search knows of all candidates of a kind. */
export interface PoolKind {
  /** See levelAt. */
  readonly level: number;
  readonly gang: VictimGang | undefined;
  /** The same gang; undefined: no leader has declared it. */
  readonly known: Gang | undefined;
  /** The members of its role. */
  readonly members: MemberCount | undefined;
  /** Candidate.isGivenUp. */
  readonly isGivenUp: boolean;
  /** Whether such a pod may be elastic, depending on which others are selected. */
  readonly mayBeElastic: boolean;
  readonly pod: JudgedPod;
  /** By what right they may be victims, and the queue that answers for them; undefined: it may differ from pod to pod. */
  readonly right: Right | undefined;
  readonly leaf: QueueNode | undefined;
  readonly vector: Vector;
  readonly cores: number;
  /** What a needed one costs besides; see neededCost. The last is for pods of no gang. */
  readonly comeback: number;
  readonly broken: number;
  /** Whether what it costs must be computed pod by pod. */
  readonly isOdd: boolean;
  /** Of such a pod; `startedMs` and `isDoomed` are to be set for each. */
  readonly worker: { -readonly [K in keyof Worker]: Worker[K] };
}

/** The kinds and gangs of one search, which all of its pools share: no two of them have selected victims at a time. */
export class SearchKinds {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #open: readonly OpenKind[];
  readonly #kinds: (PoolKind | undefined)[] = [];
  readonly #gangs = new Map<Gang, VictimGang>();

  constructor(input: PoolInput, costs: CostModel, open: readonly OpenKind[]) {
    this.#input = input;
    this.#costs = costs;
    this.#open = open;
  }

  /** The gang as this search sees it. */
  gangOf(gang: Gang): VictimGang {
    let known = this.#gangs.get(gang);
    if (!known) this.#gangs.set(gang, (known = new VictimGang(this.#costs, gang)));
    return known;
  }

  /** The kind of that number. */
  at(index: number): PoolKind {
    return (this.#kinds[index] ??= this.#make(this.#open[index]!));
  }

  #make({ kind, gang: known, level, isApart }: OpenKind): PoolKind {
    const [input, costs] = [this.#input, this.#costs];
    const { cluster, weights, nowMs, reportedWork } = costs;
    const { pod, isElastic, isMarked } = kind;
    const gang = known && this.gangOf(known);
    const members = gang?.membersOf(pod.membership?.role ?? '');
    const cores = coresOf(cluster.columns, kind.vector, weights);
    const isGivenUp = isElastic || isMarked;
    return {
      level,
      gang,
      known,
      members,
      isGivenUp,
      mayBeElastic: isGivenUp || (members !== undefined && members.elastic > 0),
      pod,
      right: isApart ? undefined : rightOver(input, pod, known),
      leaf: isApart ? undefined : leafOf(input.ctx, pod, known),
      vector: kind.vector,
      cores,
      comeback: weights.comeback * cores,
      broken: weights.brokenGang * cores,
      isOdd: kind.isOddInCost || (known !== undefined && reportedWork.has(known.key, nowMs)),
      worker: {
        cores,
        startedMs: NaN,
        restarts: known?.losses.length ?? 0,
        deletionCost: 0,
        figures: undefined,
        keeps: known?.spec.keeps,
        isLate: missesDeadline(known, nowMs),
        isGivenUp: isMarked,
        isDoomed: false,
      },
    };
  }
}
