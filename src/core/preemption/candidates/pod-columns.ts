import type { BoundPod, ClusterView } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import type { PodInfo } from '../../model.ts';
import type { Vector } from '../../resources.ts';
import { isGivenUp } from './eviction-cost.ts';
import { USUAL_GRACE_MS, type JudgedPod } from './judged-pod.ts';

/** What the rules and the costs see of many pods alike: of what they see, only its age and its node are a pod's own. */
export interface PodKind {
  readonly id: number;
  /** Such a pod, without what is its own. */
  readonly pod: JudgedPod;
  readonly vector: Vector;
  /** By which label its gang gives pods up, as its spec said when the pod was looked at; undefined: by none. */
  readonly mark: Gang['spec']['givesUp'];
  /** Its gang gives it up. */
  readonly isMarked: boolean;
  /** It is declared elastic. */
  readonly isElastic: boolean;
  /** The rules must look at each such pod: it stays with its node, or has a grace period of its own. */
  readonly isOddToRules: boolean;
  /** So must who computes its cost: it has restarted, or has a deletion cost. */
  readonly isOddInCost: boolean;
}

/** A pod that is no victim by itself: it is not bound to a known node, it leaves, or it is being deleted. */
const NO_KIND = -1;

/** So many kinds with the same gang and request are told apart; what is beyond that gets kinds of its own. */
const MOST_ALIKE = 16;

/**
 * Of each bound pod, by its number (see PodSlots), what a search for victims asks of all of them: its row, its kind and
 * when it started. A pod is looked at again when it has changed, and then by the next search: what does not change is
 * read from typed arrays.
 */
export class PodColumns {
  readonly #cluster: ClusterView;
  readonly #gangs: ReadonlyMap<string, Gang>;
  #rows = new Int32Array(0);
  #kindIds = new Int32Array(0);
  #startedMs = new Float64Array(0);
  readonly #kinds: (PodKind | undefined)[] = [];
  readonly #counts: number[] = [];
  readonly #freeIds: number[] = [];
  /** By gang ('': none) and request. */
  readonly #alike = new Map<string, Map<Vector, PodKind[]>>();

  constructor(cluster: ClusterView, gangs: ReadonlyMap<string, Gang>) {
    this.#cluster = cluster;
    this.#gangs = gangs;
  }

  /** All ids of kinds are below this. */
  get kinds(): number {
    return this.#kinds.length;
  }

  kindOf(slot: number): PodKind | undefined {
    return this.#kinds[this.#kindIds[slot]!];
  }

  /** The row of a pod that has a kind. */
  rowOf(slot: number): number {
    return this.#rows[slot]!;
  }

  /** When the pod started, in ms; NaN: unknown. */
  startedMsOf(slot: number): number {
    return this.#startedMs[slot]!;
  }

  /** Makes room for all numbers. Call it before others. */
  cover(slots: number): void {
    const before = this.#rows.length;
    if (slots <= before) return;
    const size = Math.ceil(slots * 1.125);
    this.#rows = widened(this.#rows, new Int32Array(size));
    this.#kindIds = widened(this.#kindIds, new Int32Array(size).fill(NO_KIND, before));
    this.#startedMs = widened(this.#startedMs, new Float64Array(size));
  }

  /** Looks at the pod at the number again. */
  look(slot: number): void {
    this.#release(this.#kindIds[slot]!);
    const bound = this.#cluster.slots.at(slot);
    this.#cluster.slots.seen(slot);
    if (!bound || bound.row < 0 || bound.isLeaving || bound.pod.deleting) {
      this.#kindIds[slot] = NO_KIND;
      return;
    }
    this.#rows[slot] = bound.row;
    this.#startedMs[slot] = bound.pod.evictionTraits?.startedMs ?? NaN;
    this.#kindIds[slot] = this.#kindFor(bound);
  }

  #kindFor({ pod, vector }: BoundPod): number {
    const key = pod.membership?.gang ?? '';
    const gang = this.#gangs.get(key);
    const kind = kindOf(pod, vector, gang);
    let ofGang = this.#alike.get(key);
    if (!ofGang) this.#alike.set(key, (ofGang = new Map<Vector, PodKind[]>()));
    let alike = ofGang.get(vector);
    if (!alike) ofGang.set(vector, (alike = []));
    const known = alike.find((one) => isSame(one, kind));
    if (known) {
      this.#counts[known.id]!++;
      return known.id;
    }
    const id = this.#freeIds.pop() ?? this.#kinds.length;
    const added = { ...kind, id };
    this.#kinds[id] = added;
    this.#counts[id] = 1;
    if (alike.length < MOST_ALIKE) alike.push(added);
    return id;
  }

  #release(id: number): void {
    if (id === NO_KIND || --this.#counts[id]! > 0) return;
    const kind = this.#kinds[id]!;
    this.#kinds[id] = undefined;
    this.#freeIds.push(id);
    const key = kind.pod.membership?.gang ?? '';
    const ofGang = this.#alike.get(key);
    const alike = ofGang?.get(kind.vector);
    if (!ofGang || !alike) return;
    const at = alike.indexOf(kind);
    if (at >= 0) alike.splice(at, 1);
    if (alike.length === 0) ofGang.delete(kind.vector);
    if (ofGang.size === 0) this.#alike.delete(key);
  }
}

function kindOf(pod: PodInfo, vector: Vector, gang: Gang | undefined): Omit<PodKind, 'id'> {
  const { namespace, schedulerName, priority, membership, evictionTraits = {} } = pod;
  const { priorityClass, isPinned, graceMs = USUAL_GRACE_MS, restarts = 0, deletionCost = 0 } = evictionTraits;
  return {
    pod: {
      uid: '',
      namespace,
      schedulerName,
      priority,
      ...(membership ? { membership: { gang: membership.gang, role: membership.role } } : {}),
      ...(priorityClass === undefined ? {} : { evictionTraits: { priorityClass } }),
    },
    vector,
    mark: gang?.spec.givesUp,
    isMarked: isGivenUp(pod, gang),
    isElastic: membership?.isElastic === true,
    isOddToRules: isPinned === true || graceMs !== USUAL_GRACE_MS,
    isOddInCost: restarts !== 0 || deletionCost !== 0,
  };
}

type Unnumbered = Omit<PodKind, 'id'>;

const isSame = (a: Unnumbered, b: Unnumbered): boolean =>
  a.pod.membership?.role === b.pod.membership?.role &&
  a.isMarked === b.isMarked &&
  a.isElastic === b.isElastic &&
  isSameMark(a.mark, b.mark) &&
  a.isOddToRules === b.isOddToRules &&
  a.isOddInCost === b.isOddInCost &&
  a.pod.namespace === b.pod.namespace &&
  a.pod.schedulerName === b.pod.schedulerName &&
  a.pod.priority === b.pod.priority &&
  a.pod.evictionTraits?.priorityClass === b.pod.evictionTraits?.priorityClass;

export const isSameMark = (a: PodKind['mark'], b: PodKind['mark']): boolean =>
  a === b || (a?.label === b?.label && a?.value === b?.value);

function widened<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
