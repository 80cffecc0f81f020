import { nameAt, objectAt, objectsAt, own, textAt, textMapAt, textsAt, type Json } from '../../intake/field.ts';
import { draft, nest, pathsOf, quotaOf, type Child, type Import } from './draft.ts';
import { flavorQuota, type FlavorQuota } from './kueue-quota.ts';
import type { Found } from './objects.ts';
import { shown } from '../../intake/wording.ts';

const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';
const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';
const TOP_COHORT =
  'max is what its queues have together, as in Kueue: remove it to let them use all that the nodes have';

interface Node {
  readonly name: string;
  readonly parent: string | undefined;
  readonly quota: FlavorQuota;
  readonly fields: Child['draft']['fields'];
}

/** ClusterQueues become queues, cohorts the queues above them, and LocalQueues rules. */
export function importKueue(found: readonly Found[], into: Import): void {
  const of = (kind: string) => found.filter((one) => one.kind === kind);
  const flavors = new Map(
    of('ResourceFlavor').map(({ object, where }) => [nameOf(object, where), nodeLabels(object, where)]),
  );
  const queues = of('ClusterQueue').map((one) => clusterQueue(one, flavors, into));
  const cohorts = of('Cohort').map((one) => cohort(one, into));
  const known = new Set(cohorts.map(({ name }) => name));
  // A cohort need not be an object: its name alone makes it one.
  const named = new Set(
    [...queues, ...cohorts].flatMap(({ parent }) => (parent === undefined || known.has(parent) ? [] : [parent])),
  );
  const plain = [...named].map((name): Node => ({
    name,
    parent: undefined,
    quota: flavorQuota([], name, into),
    fields: {},
  }));
  const above = [...cohorts, ...plain];
  const nodes = [...above.map((node) => withSums(node, [...above, ...queues], into)), ...queues.map(withLimits)];
  nest(nodes, into);
  addRules(of('LocalQueue'), into);
}

const nameOf = (object: Json, where: string) => nameAt(objectAt(object, 'metadata', where) ?? {}, 'name', where);
const nodeLabels = (object: Json, where: string) =>
  textMapAt(objectAt(object, 'spec', where) ?? {}, 'nodeLabels', where);

type Flavors = ReadonlyMap<string, ReadonlyMap<string, string>>;

function clusterQueue({ object, where }: Found, flavors: Flavors, into: Import): Node {
  const spec = objectAt(object, 'spec', where) ?? {};
  noteRest(spec, where, into);
  const quota = flavorQuota(objectsAt(spec, 'resourceGroups', where), where, into);
  const [only, ...others] = quota.flavors;
  const labels = only !== undefined && others.length === 0 ? flavors.get(only) : undefined;
  const preemption = objectAt(spec, 'preemption', where) ?? {};
  const reclaim = textAt(preemption, 'reclaimWithinCohort', where) ?? 'Never';
  if (reclaim !== 'Never') into.note(where, 'reclaim only advises: set reclaim.mode to enforce to let it evict');
  const isHeld = !['None', undefined].includes(textAt(spec, 'stopPolicy', where));
  const { fields } = draft('', {
    weight: weightOf(spec, where, into),
    running: isHeld ? { gangs: 0 } : undefined,
    namespaces: namespacesOf(spec, where, into),
    nodes: labels && labels.size > 0 ? Object.fromEntries(labels) : undefined,
    reclaim: reclaim === 'Never' ? { mode: 'off' } : undefined,
  });
  const parent = textAt(spec, 'cohortName', where) ?? textAt(spec, 'cohort', where);
  return { name: nameOf(object, where), parent: parent || undefined, quota, fields };
}

function cohort({ object, where }: Found, into: Import): Node {
  const spec = objectAt(object, 'spec', where) ?? {};
  const quota = flavorQuota(objectsAt(spec, 'resourceGroups', where), where, into);
  const { fields } = draft('', { weight: weightOf(spec, where, into) });
  const parent = textAt(spec, 'parentName', where) ?? textAt(spec, 'parent', where);
  return { name: nameOf(object, where), parent: parent || undefined, quota, fields };
}

/** A queue in no cohort borrows from nobody. */
function withLimits({ name, parent, quota, fields }: Node): Child {
  const { nominal, borrow, lend } = quota;
  const max = new Map(
    [...nominal].flatMap(([resource, amount]) => {
      const more = parent === undefined ? 0 : borrow.get(resource);
      return more === undefined ? [] : [[resource, amount + more] as const];
    }),
  );
  return {
    name,
    parent,
    draft: draft(name, { guaranteed: quotaOf(nominal), max: quotaOf(max), lend: lend && quotaOf(lend), ...fields }),
  };
}

/** A cohort has what its queues have, and its own on top of it. */
function withSums(node: Node, all: readonly Node[], into: Import): Child {
  const total = totalOf(node, all, new Set());
  const whole: Node = { ...node, quota: { ...node.quota, nominal: total } };
  if (node.parent === undefined && total.size > 0) into.note(`Cohort ${node.name}`, TOP_COHORT);
  return withLimits(whole);
}

function totalOf(node: Node, all: readonly Node[], seen: Set<Node>): ReadonlyMap<string, number> {
  const out = new Map(node.quota.nominal);
  if (seen.has(node)) return out;
  seen.add(node);
  for (const below of all.filter(({ parent }) => parent === node.name))
    for (const [name, amount] of totalOf(below, all, seen)) out.set(name, (out.get(name) ?? 0) + amount);
  return out;
}

function weightOf(spec: Json, where: string, into: Import): number | undefined {
  const value = own(objectAt(spec, 'fairSharing', where) ?? {}, 'weight') ?? 1;
  const [, digits, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(shown(value).replaceAll('"', '')) ?? [];
  const weight = milli === 'm' ? Number(digits) / 1000 : Number(digits);
  if (weight >= 0.001 && weight <= 1000) return weight === 1 ? undefined : weight;
  into.note(
    where,
    `fairSharing.weight ${shown(value)} is not between 0.001 and 1000; the queue gets the nearest of them`,
  );
  return weight > 1000 ? 1000 : 0.001;
}

function namespacesOf(spec: Json, where: string, into: Import): string[] | undefined {
  const selector = objectAt(spec, 'namespaceSelector', where);
  if (!selector) return undefined;
  const labels = textMapAt(selector, 'matchLabels', where);
  const expressions = objectsAt(selector, 'matchExpressions', where);
  const names = [labels.get(NAMESPACE_LABEL) ?? []].flat();
  const rest = expressions.filter((one) => !(own(one, 'key') === NAMESPACE_LABEL && own(one, 'operator') === 'In'));
  names.push(...expressions.filter((one) => !rest.includes(one)).flatMap((one) => textsAt(one, 'values', where)));
  if (rest.length > 0 || labels.size > (labels.has(NAMESPACE_LABEL) ? 1 : 0))
    into.note(where, 'namespaceSelector goes by labels of namespaces; say their names in namespaces');
  return names.length > 0 ? names : undefined;
}

function noteRest(spec: Json, where: string, into: Import): void {
  const preemption = objectAt(spec, 'preemption', where) ?? {};
  for (const field of ['admissionChecks', 'admissionChecksStrategy', 'flavorFungibility', 'admissionScope'])
    if (own(spec, field) !== undefined) into.note(where, `${field} has no counterpart; left out`);
  if (own(preemption, 'borrowWithinCohort') !== undefined)
    into.note(where, 'borrowWithinCohort has no counterpart: who borrows evicts nobody');
  if (![undefined, 'Never'].includes(textAt(preemption, 'withinClusterQueue', where)))
    into.note(where, 'withinClusterQueue is preemption by priority, which policies[].preemption says in muster');
  if (textAt(spec, 'queueingStrategy', where) === 'StrictFIFO')
    into.note(where, 'StrictFIFO: set policies[].queue.blockAfter to 0 for the same');
}

/** Pods name a LocalQueue of their namespace, or none for the one that is called default. */
function addRules(locals: readonly Found[], into: Import): void {
  const paths = pathsOf(into.queues);
  for (const { object, where } of locals) {
    const metadata = objectAt(object, 'metadata', where) ?? {};
    const [name, namespace] = [nameAt(metadata, 'name', where), nameAt(metadata, 'namespace', where)];
    const target = textAt(objectAt(object, 'spec', where) ?? {}, 'clusterQueue', where) ?? '';
    const queue = paths.get(target);
    if (queue === undefined) into.note(where, `ClusterQueue ${target} is in none of the files; no rule was made`);
    else {
      into.rules.push({ namespaces: [namespace], labels: { [QUEUE_LABEL]: name }, queue, force: true });
      if (name === 'default') into.rules.push({ namespaces: [namespace], queue });
    }
  }
}
