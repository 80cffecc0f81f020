import { flagAt, integerAt, nameAt, objectAt, own, textAt, type Json } from '../../intake/field.ts';
import { draft, nest, quotaOf, type Child, type Import } from './draft.ts';
import type { Found } from './objects.ts';

const MAX_WEIGHT = 1000;

/** Queues of Volcano (scheduling.volcano.sh): with plugin capacity a tree with `deserved`, else weights. */
export function importVolcano(found: readonly Found[], into: Import): void {
  const queues = found.filter(({ object }) => nameAt(objectAt(object, 'metadata', '') ?? {}, 'name', '') !== 'root');
  nest(
    queues.map((one) => childOf(one, into)),
    into,
  );
}

function childOf({ object, where }: Found, into: Import): Child {
  const spec = objectAt(object, 'spec', where) ?? {};
  const name = nameAt(objectAt(object, 'metadata', where) ?? {}, 'name', where);
  const parent = textAt(spec, 'parent', where) || undefined;
  noteRest(spec, where, into);
  const max = into.amounts(objectAt(spec, 'capability', where), `${where}.capability`);
  const reserved = into.amounts(
    objectAt(objectAt(spec, 'guarantee', where) ?? {}, 'resource', where),
    `${where}.guarantee`,
  );
  const deserved = into.amounts(objectAt(spec, 'deserved', where), `${where}.deserved`);
  const guaranteed = new Map(deserved);
  for (const [resource, amount] of reserved) guaranteed.set(resource, Math.max(amount, deserved.get(resource) ?? 0));
  // Volcano lends what a queue deserves, and never what it is guaranteed.
  const lent = [...guaranteed].map(([resource, amount]) => [resource, amount - (reserved.get(resource) ?? 0)] as const);
  const fields = {
    guaranteed: quotaOf(guaranteed),
    max: quotaOf(max),
    lend: reserved.size === 0 ? undefined : quotaOf(new Map(lent)),
    weight: weightOf(integerAt(spec, 'weight', where) ?? 1, where, into),
  };
  return { name, parent: parent === 'root' ? undefined : parent, draft: draft(name, fields) };
}

function weightOf(weight: number, where: string, into: Import): number | undefined {
  if (weight > MAX_WEIGHT) into.note(where, `weight ${weight} is more than muster's ${MAX_WEIGHT}, which it gets`);
  return weight <= 1 ? undefined : Math.min(weight, MAX_WEIGHT);
}

function noteRest(spec: Json, where: string, into: Import): void {
  if (own(spec, 'reclaimable') !== undefined && !flagAt(spec, 'reclaimable', where))
    into.note(where, 'reclaimable: false has no counterpart; leave the queue out of reclaim.from of the others');
  if (integerAt(spec, 'priority', where))
    into.note(where, 'queues have no priority in muster; weight and guaranteed decide');
  for (const field of ['affinity', 'extendClusters', 'dequeueStrategy'])
    if (own(spec, field) !== undefined) into.note(where, `${field} has no counterpart; left out`);
}
