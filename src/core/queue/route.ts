import { matchesAny, matchesPattern } from '../policy/patterns.ts';
import type { QueueRule } from '../policy/tenancy.ts';
import { filledIn, type Values } from './template.ts';
import { DEFAULT_QUEUE, OVERFLOW, type QueueNode, type QueueTree } from './tree.ts';

/** A pod that looks for its queue. */
export interface Applicant extends Values {
  /** The dialect in which it declares its gang; undefined: it is in none. */
  readonly dialect: string | undefined;
}

export interface Route {
  readonly path: string;
  /** Why the queue that the pod names is not it: the beginning of a sentence. */
  readonly ignored?: string;
}

/**
 * The queue of a gang: the one that it names where that is open to its namespace, else the one of the first rule that
 * matches, else `default`. A rule with `force` goes before what the gang names. It depends on the file and the pod alone,
 * not on the queues that are there by now. O(rules x patterns).
 * @param named the queue that the gang's declaration names
 */
export function routeOf(tree: QueueTree, applicant: Applicant, named: string): Route {
  const first = firstRule(tree, applicant);
  const path = first?.path ?? fallback(tree, applicant);
  const names = tree.namesIn(named);
  const said = names.join('.');
  if (said === '' || said === DEFAULT_QUEUE || said === path) return { path };
  const objection = first?.rule.force ? 'is not asked for: a rule decides' : objectionTo(tree, applicant, names);
  if (objection === undefined) return { path: said };
  return { path, ignored: `Queue ${shown(said)}, which the gang names, ${objection}` };
}

/** The queue of a pod of no gang: that of the first rule that matches; undefined: none does. */
export const routeOfSingle = (tree: QueueTree, applicant: Applicant): string | undefined =>
  firstRule(tree, applicant)?.path;

interface Match {
  readonly rule: QueueRule;
  readonly path: string;
}

function firstRule(tree: QueueTree, applicant: Applicant): Match | undefined {
  for (const match of matchesOf(tree, applicant))
    if (closedOn(tree, applicant, tree.namesIn(match.path)) === undefined) return match;
  return undefined;
}

/** Rules whose conditions hold, with the queues that they say. */
function* matchesOf(tree: QueueTree, applicant: Applicant): Generator<Match> {
  for (const rule of tree.tenancy.rules) {
    if (!applies(tree, rule, applicant)) continue;
    const path = filledIn(rule.queue, applicant);
    if (path !== undefined) yield { rule, path: tree.namesIn(path).join('.') };
  }
}

function applies(tree: QueueTree, rule: QueueRule, { namespace, user, labels, dialect }: Applicant): boolean {
  if (rule.dialects.length > 0 && (dialect === undefined || !rule.dialects.includes(dialect))) return false;
  if (rule.namespaces.length > 0 && !matchesAny(rule.namespaces, namespace)) return false;
  if (rule.users.length > 0 && !matchesAny(rule.users, user)) return false;
  for (const [key, pattern] of rule.labels) {
    const value = labels.get(key);
    if (value === undefined || !matchesPattern(pattern, value)) return false;
  }
  return rule.groups.length === 0 || tree.groupsOf(namespace).some((group) => rule.groups.includes(group));
}

/** Where no rule matches. A queue `default` that is closed to the namespace does not take its pods either. */
const fallback = (tree: QueueTree, applicant: Applicant): string =>
  closedOn(tree, applicant, [DEFAULT_QUEUE]) === undefined ? DEFAULT_QUEUE : OVERFLOW;

/** Why a pod may not choose that queue. Queues that rules make are only for the pods that a rule puts there. */
function objectionTo(tree: QueueTree, applicant: Applicant, names: readonly string[]): string | undefined {
  if (!tree.isConfigured) return undefined;
  const closed = closedOn(tree, applicant, names);
  if (closed) return `is not open to namespace ${applicant.namespace}`;
  const path = names.join('.');
  const isByRule = [...matchesOf(tree, applicant)].some((match) => match.path === path);
  if (isByRule) return undefined;
  let node = tree.find(path);
  if (!node || node.isMade) return 'is none that it may choose';
  while (node && !node.isLeaf) node = childInFile(node, DEFAULT_QUEUE);
  if (!node) return 'has queues below it, of which it has to name one';
  return closedOn(tree, applicant, tree.namesIn(node.path)) && `is not open to namespace ${applicant.namespace}`;
}

const childInFile = (node: QueueNode, name: string): QueueNode | undefined => {
  const child = node.child(name);
  return child?.isMade ? undefined : child;
};

/** The first queue on the way that is not open to the namespace. */
function closedOn(tree: QueueTree, { namespace }: Applicant, names: readonly string[]): string | undefined {
  let node: QueueNode | undefined = tree.root;
  for (const name of names) {
    const below: QueueNode | undefined = node?.child(name);
    const open = below?.spec.namespaces ?? node?.spec.each?.namespaces ?? [];
    if (open.length > 0 && !matchesAny(open, namespace)) return name;
    node = below;
  }
  return undefined;
}

const MAX_SHOWN = 100;

const shown = (name: string): string => (name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}...` : name);
