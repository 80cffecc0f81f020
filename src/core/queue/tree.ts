import {
  DEFAULT_RECLAIM,
  hasQueues,
  plainQueue,
  type QueueSpec,
  type ReclaimRules,
  type Tenancy,
} from '../policy/tenancy.ts';
import { Tally } from './tally.ts';

/** A queue in the tree. Gangs wait in leaves and hold room in them; what a leaf holds, those above it hold too. */
export class QueueNode {
  /** Names with dots, without the root's; '' for the root. */
  readonly path: string;
  readonly parent: QueueNode | undefined;
  readonly spec: QueueSpec;
  /** It was made when it was first needed, and goes when it is empty. */
  readonly isMade: boolean;
  readonly #children = new Map<string, QueueNode>();
  /** What its gangs hold and its bound pods ask. Only Usage writes. */
  readonly holds = new Tally();
  /** What each of its users holds, in a leaf. Only Usage writes. */
  readonly users = new Map<string, Tally>();
  /** Priority between its children. */
  readonly priority: Tenancy['fairness']['priority'];
  readonly reclaim: ReclaimRules;

  constructor(spec: QueueSpec, parent: QueueNode | undefined, fairness: Tenancy['fairness'], isMade = false) {
    this.spec = spec;
    this.parent = parent;
    this.isMade = isMade;
    this.path = parent === undefined || parent.path === '' ? spec.name : `${parent.path}.${spec.name}`;
    this.priority = spec.priority ?? parent?.priority ?? fairness.priority;
    this.reclaim = spec.reclaim ?? parent?.reclaim ?? DEFAULT_RECLAIM;
    for (const child of spec.queues) this.#children.set(child.name, new QueueNode(child, this, fairness));
  }

  get children(): Iterable<QueueNode> {
    return this.#children.values();
  }

  get isLeaf(): boolean {
    return this.#children.size === 0;
  }

  child(name: string): QueueNode | undefined {
    return this.#children.get(name);
  }

  /** Whether this queue is the other one, or above it. */
  hasBelow(other: QueueNode): boolean {
    for (let node: QueueNode | undefined = other; node; node = node.parent) if (node === this) return true;
    return false;
  }

  /** Only QueueTree calls these. */
  adopt(child: QueueNode): void {
    this.#children.set(child.spec.name, child);
  }

  disown(child: QueueNode): void {
    this.#children.delete(child.spec.name);
  }
}

/** More queues than these are never made on demand. */
export const MAX_QUEUES = 2000;

/** Where pods go that name a queue which cannot be made any more. */
const OVERFLOW = 'other';

/** All queues. The root, which holds the whole cluster, has the path ''. */
export class QueueTree {
  readonly tenancy: Tenancy;
  readonly root: QueueNode;
  #size: number;

  constructor(tenancy: Tenancy) {
    this.tenancy = tenancy;
    this.root = new QueueNode({ ...plainQueue(''), queues: tenancy.queues }, undefined, tenancy.fairness);
    this.#size = [...this.nodes()].length;
  }

  /** Whether the file says which queues there are. Without that, every name is a queue of the root. */
  get isConfigured(): boolean {
    return hasQueues(this.tenancy);
  }

  /** How many queues there are, the root among them. */
  get size(): number {
    return this.#size;
  }

  /** Every queue, parents before their children, the root first. */
  *nodes(from: QueueNode = this.root): Generator<QueueNode> {
    yield from;
    for (const child of from.children) yield* this.nodes(child);
  }

  /** @param path with or without `root.` where queues are configured */
  find(path: string): QueueNode | undefined {
    if (!this.isConfigured) return path === '' ? this.root : this.root.child(path);
    let node: QueueNode | undefined = this.root;
    for (const name of namesOf(path)) node = node?.child(name);
    return node;
  }

  /** The leaf of that path, which is made if there is room for it; else the leaf that takes all such. */
  leaf(path: string): QueueNode {
    const known = this.find(path);
    if (known && known !== this.root && known.isLeaf) return known;
    if (this.#size >= MAX_QUEUES) return this.root.child(OVERFLOW) ?? this.#make(this.root, OVERFLOW);
    if (!this.isConfigured) return this.#make(this.root, path);
    let node = this.root;
    for (const name of namesOf(path)) node = node.child(name) ?? this.#make(node, name);
    return node === this.root || !node.isLeaf ? this.#make(node, 'default') : node;
  }

  /** Forgets a queue that was made on demand and is empty. */
  forget(node: QueueNode): void {
    if (!node.isMade || !node.isLeaf || !node.parent || node.holds.parts > 0) return;
    node.parent.disown(node);
    this.#size--;
  }

  #make(parent: QueueNode, name: string): QueueNode {
    const known = parent.child(name);
    if (known) return known;
    const spec = { ...(parent.spec.each ?? plainQueue(name)), name };
    const node = new QueueNode(spec, parent, this.tenancy.fairness, true);
    parent.adopt(node);
    this.#size++;
    return node;
  }
}

const namesOf = (path: string): readonly string[] => {
  const names = path.split('.').filter((name) => name !== '');
  return names[0] === 'root' ? names.slice(1) : names;
};

/** The queue and those above it without the root, from the top down. */
export function pathTo(node: QueueNode): readonly QueueNode[] {
  const out: QueueNode[] = [];
  for (let at = node; at.parent; at = at.parent) out.push(at);
  return out.reverse();
}
