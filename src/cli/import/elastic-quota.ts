import { nameAt, objectAt, own, textAt, textMapAt, type Json } from '../../intake/field.ts';
import { draft, nest, pathsOf, quotaOf, type Child, type Import } from './draft.ts';
import type { Found } from './objects.ts';

const PREFIX = 'quota.scheduling.koordinator.sh/';
const ROOT = 'koordinator-root-quota';

interface Quota extends Child {
  /** Whose pods are in it, unless they name another. */
  readonly namespaces: readonly string[];
}

/**
 * ElasticQuotas: of scheduler-plugins, one for each namespace; of Koordinator, a tree that pods name by label, or
 * else by their namespace.
 */
export function importElasticQuotas(found: readonly Found[], into: Import): void {
  const quotas = found.filter(({ object }) => nameOf(object) !== ROOT).map((one) => quotaIn(one, into));
  nest(quotas, into);
  const paths = pathsOf(into.queues);
  const parents = new Set(quotas.map(({ parent }) => parent));
  for (const { name, namespaces } of quotas)
    if (namespaces.length > 0 && !parents.has(name)) into.rules.push({ namespaces, queue: paths.get(name)! });
}

const nameOf = (object: Json) => nameAt(objectAt(object, 'metadata', 'ElasticQuota') ?? {}, 'name', 'ElasticQuota');

function quotaIn({ object, where }: Found, into: Import): Quota {
  const metadata = objectAt(object, 'metadata', where) ?? {};
  const spec = objectAt(object, 'spec', where) ?? {};
  const labels = textMapAt(metadata, 'labels', where);
  const annotations = textMapAt(metadata, 'annotations', where);
  const namespace = textAt(metadata, 'namespace', where);
  const isKoordinators = [...labels.keys(), ...annotations.keys()].some((key) => key.startsWith(PREFIX));
  const guaranteed = into.amounts(objectAt(spec, 'min', where), `${where}.min`);
  const isLent = labels.get(`${PREFIX}allow-lent-resource`) !== 'false';
  const fields = {
    guaranteed: quotaOf(guaranteed),
    max: quotaOf(into.amounts(objectAt(spec, 'max', where), `${where}.max`)),
    lend: isLent ? undefined : quotaOf(new Map([...guaranteed.keys()].map((name) => [name, 0]))),
  };
  if (annotations.has(`${PREFIX}shared-weight`))
    into.note(where, 'shared-weight is by resource; muster has one weight: set it where it matters');
  if (labels.has(`${PREFIX}tree-id`)) into.note(where, 'muster has one tree; set nodes where a tree had its own');
  // scheduler-plugins has one quota in a namespace, whatever it is called.
  const name = isKoordinators ? nameOf(object) : (namespace ?? nameOf(object));
  const parent = labels.get(`${PREFIX}parent`);
  const namespaces = isKoordinators ? namespacesIn(annotations.get(`${PREFIX}namespaces`), where, into) : [name];
  return { name, parent: parent === ROOT ? undefined : parent, namespaces, draft: draft(name, fields) };
}

function namespacesIn(text: string | undefined, where: string, into: Import): readonly string[] {
  if (text === undefined) return [];
  try {
    const list = own({ list: JSON.parse(text) as unknown }, 'list');
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  } catch {
    // Said below.
  }
  into.note(where, 'annotation namespaces is no list of names; left out');
  return [];
}
