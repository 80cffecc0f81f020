import { matchesAny } from '../policy/patterns.ts';
import {
  DEFAULT_RECLAIM,
  hasQueues,
  plainQueue,
  type QueueSpec,
  type ReclaimRules,
  type Tenancy,
} from '../policy/tenancy.ts';
import { Tally } from './tally.ts';
import { isTemplate, segmentsOf } from './template.ts';

/** A queue in the tree. Gangs wait in leaves and hold room in them; what a leaf holds, those above it hold too. */
export class QueueNode {
  /** Names with dots, without the root's; '' for the root. */
  readonly path: string;
  readonly parent: QueueNode | undefined;
  readonly spec: QueueSpec;
  /** It was made when it was first needed, and goes when it is empty. */
  readonly isMade: boolean;
  /** Gangs wait in it, and there is never a queue below it. */
  readonly isLeaf: boolean;
  readonly #children = new Map<string, QueueNode>();
  /** What its gangs hold and its bound pods ask. Only Usage writes. */
  readonly holds = new Tally();
  /** What each of its users holds, where `countsUsers`. Only Usage writes. */
  readonly users = new Map<string, Tally>();
  readonly countsUsers: boolean;
  /** How many gangs, waiting ones among them, and single pods count in this leaf. Only Usage writes. */
  answersFor = 0;
  /** Priority between its children. */
  readonly priority: Tenancy['fairness']['priority'];
  /** Whose turn it is among its children. */
  readonly turns: Tenancy['fairness']['turns'];
  readonly reclaim: ReclaimRules;
  /** Labels that the nodes of its gangs must have, those of the queues above it among them. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Its gangs share no node with pods of other namespaces. */
  readonly isExclusive: boolean;

  constructor(spec: QueueSpec, parent: QueueNode | undefined, kind: NodeKind) {
    this.spec = spec;
    this.parent = parent;
    this.isMade = kind.isMade;
    this.path = parent === undefined || parent.path === '' ? spec.name : `${parent.path}.${spec.name}`;
    this.isLeaf = parent !== undefined && !kind.isInner(this);
    this.countsUsers = this.isLeaf || limitsUsers(spec);
    this.priority = spec.priority ?? parent?.priority ?? kind.fairness.priority;
    this.turns = kind.fairness.turns;
    this.reclaim = spec.reclaim ?? parent?.reclaim ?? DEFAULT_RECLAIM;
    this.nodes = new Map([...(parent?.nodes ?? []), ...spec.nodes]);
    this.isExclusive = spec.exclusive === 'namespace' || parent?.isExclusive === true;
    for (const child of spec.queues) this.#children.set(child.name, new QueueNode(child, this, kind));
  }

  get children(): Iterable<QueueNode> {
    return this.#children.values();
  }

  get isBare(): boolean {
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

interface NodeKind {
  readonly fairness: Tenancy['fairness'];
  readonly isMade: boolean;
  /** Whether queues may be below it. */
  readonly isInner: (node: QueueNode) => boolean;
}

const limitsUsers = ({ users: { max, gangs, of } }: QueueSpec): boolean =>
  gangs < Infinity || of.size > 0 || max.amounts.size > 0 || max.shares.size > 0;

/** When there are so many queues, none is made any more. */
export const MAX_QUEUES = 2000;
/** Of them, the most that are made for pods of one namespace: it cannot use up all. */
const MAX_OF_NAMESPACE = MAX_QUEUES / 2;
/** Where gangs go whose queue cannot be made: below the last queue on the way to it that the file names. */
export const OVERFLOW = 'other';
/** Where gangs go that name a queue with others below it, or none. */
export const DEFAULT_QUEUE = 'default';
/** As long as a name of an object in Kubernetes may be; longer ones are cut. */
const MAX_NAME = 253;
/** A queue that was made and is empty goes after so long, in ms. */
const EMPTY_FOR_MS = 3_600_000;
/** Of so many namespaces it is remembered in which groups they are. */
const MAX_REMEMBERED = 10_000;
/** So many queues are looked at in one sweep. */
const SWEEP = 64;

interface Made {
  /** The namespace whose pod needed it first; '': none. */
  readonly by: string;
  /** When it was first found empty; undefined: it was not since it was last used. */
  emptySinceMs: number | undefined;
}

/** All queues. The root, which holds the whole cluster, has the path ''. */
export class QueueTree {
  readonly tenancy: Tenancy;
  readonly root: QueueNode;
  /** Changes with every queue that is made or forgotten. */
  version = 0;
  readonly #inner: ReadonlySet<string>;
  #size = 1;
  /** Queues that were made, the one that was not looked at for the longest time first. */
  readonly #made = new Map<QueueNode, Made>();
  readonly #madeBy = new Map<string, number>();
  /** Of each namespace that was asked about lately. */
  readonly #groups = new Map<string, readonly string[]>();

  constructor(tenancy: Tenancy) {
    this.tenancy = tenancy;
    this.#inner = innerPaths(tenancy);
    const kind = { fairness: tenancy.fairness, isMade: false, isInner: this.#isInner };
    this.root = new QueueNode({ ...plainQueue(''), queues: tenancy.queues }, undefined, kind);
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

  /** The names on the way to a queue, without the root's; none: nothing is named. */
  namesIn(path: string): readonly string[] {
    if (!this.isConfigured) return path === '' ? [] : [path.slice(0, MAX_NAME)];
    const names = path
      .slice(0, MAX_NAME)
      .split('.')
      .filter((name) => name !== '');
    return names[0] === 'root' ? names.slice(1) : names;
  }

  /** The groups that the namespace is in, by name. */
  groupsOf(namespace: string): readonly string[] {
    if (this.tenancy.groups.length === 0) return [];
    let groups = this.#groups.get(namespace);
    if (groups) return groups;
    groups = this.tenancy.groups.filter((one) => matchesAny(one.namespaces, namespace)).map(({ name }) => name);
    if (this.#groups.size >= MAX_REMEMBERED) this.#groups.clear();
    this.#groups.set(namespace, groups);
    return groups;
  }

  /** @param path with or without `root.` where queues are configured */
  find(path: string): QueueNode | undefined {
    let node: QueueNode | undefined = this.root;
    for (const name of this.namesIn(path)) node = node?.child(name);
    return node;
  }

  /**
   * The leaf of that path. It is made where it is not there; if it cannot be, another takes its gangs.
   * @param by the namespace that needs it
   */
  leaf(path: string, by = ''): QueueNode {
    const names = this.namesIn(path);
    let node: QueueNode | undefined = this.root;
    for (let i = 0; node && !node.isLeaf; i++) {
      const above: QueueNode = node;
      const name = names[i] ?? DEFAULT_QUEUE;
      node = above.child(name) ?? this.#make(above, name, { by, isInner: i < names.length - 1 });
      if (!node) return this.#overflow(above);
    }
    const made = this.#made.get(node);
    if (made) made.emptySinceMs = undefined;
    return node;
  }

  /** Forgets a queue that was made on demand and is empty. */
  forget(node: QueueNode): void {
    const made = this.#made.get(node);
    if (!made || !isEmpty(node)) return;
    node.parent!.disown(node);
    this.#made.delete(node);
    this.#size--;
    this.version++;
    const left = (this.#madeBy.get(made.by) ?? 0) - 1;
    if (left > 0) this.#madeBy.set(made.by, left);
    else this.#madeBy.delete(made.by);
  }

  /** Forgets queues that were made and have been empty for an hour. Looks at a few; call about once a second. */
  sweep(nowMs: number): void {
    let looks = Math.min(SWEEP, this.#made.size);
    for (const [node, made] of this.#made) {
      if (looks-- === 0) return;
      this.#made.delete(node);
      this.#made.set(node, made);
      made.emptySinceMs = isEmpty(node) ? (made.emptySinceMs ?? nowMs) : undefined;
      if (made.emptySinceMs !== undefined && nowMs - made.emptySinceMs >= EMPTY_FOR_MS) this.forget(node);
    }
  }

  /** @returns undefined: there are too many already */
  #make(parent: QueueNode, name: string, how: { by: string; isInner: boolean }): QueueNode | undefined {
    const ofNamespace = how.by === '' ? 0 : (this.#madeBy.get(how.by) ?? 0);
    if (this.#size >= MAX_QUEUES || ofNamespace >= MAX_OF_NAMESPACE) return undefined;
    return this.#add(parent, name, how);
  }

  #add(parent: QueueNode, name: string, { by, isInner }: { by: string; isInner: boolean }): QueueNode {
    const { queues, each } = parent.spec;
    const spec = { ...(queues.find((one) => one.name === name) ?? each ?? plainQueue(name)), name };
    const { fairness } = this.tenancy;
    const node = new QueueNode(spec, parent, {
      fairness,
      isMade: true,
      isInner: (one) => this.#isInner(one) || (isInner && one.parent === parent),
    });
    parent.adopt(node);
    this.version++;
    for (const one of this.nodes(node)) {
      this.#size++;
      this.#made.set(one, { by, emptySinceMs: undefined });
      this.#madeBy.set(by, (this.#madeBy.get(by) ?? 0) + 1);
    }
    return node;
  }

  #overflow(from: QueueNode): QueueNode {
    let node = from;
    while (node.isMade && node.parent) node = node.parent;
    const how = { by: '', isInner: false };
    for (let name = OVERFLOW; !node.isLeaf; name = DEFAULT_QUEUE) node = node.child(name) ?? this.#add(node, name, how);
    return node;
  }

  readonly #isInner = ({ path, spec }: QueueNode): boolean =>
    spec.queues.length > 0 || spec.each !== undefined || this.#inner.has(path);
}

const isEmpty = (node: QueueNode): boolean => node.isBare && node.answersFor === 0;

/** Paths of queues below which rules put gangs. */
function innerPaths({ rules, queues }: Tenancy): ReadonlySet<string> {
  const out = new Set<string>();
  if (queues.length === 0) return out;
  for (const { queue } of rules) {
    const names = segmentsOf(queue);
    for (let n = 1; n < names.length && !isTemplate(names[n - 1]!); n++) out.add(names.slice(0, n).join('.'));
  }
  return out;
}

/** The queue and those above it without the root, from the top down. */
export function pathTo(node: QueueNode): readonly QueueNode[] {
  const out: QueueNode[] = [];
  for (let at = node; at.parent; at = at.parent) out.push(at);
  return out.reverse();
}
