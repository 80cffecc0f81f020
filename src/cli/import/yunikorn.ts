import {
  integerAt,
  listAt,
  nameAt,
  objectAt,
  objectsAt,
  own,
  textAt,
  textMapAt,
  textsAt,
  type Json,
} from '../../intake/field.ts';
import type { Plain } from '../../intake/plain-text.ts';
import { draft, quotaOf, type Draft, type Import } from './draft.ts';
import { importPlacement } from './yunikorn-placement.ts';
import type { Found } from './objects.ts';

/** YuniKorn counts in vcores: `500m` or 2; the rest has Kubernetes' names. */
const RENAMED = { vcore: 'cpu' };

/** YuniKorn's queues.yaml. Its root is the cluster in muster, so that the queues below it come to the top. */
export function importYunikorn({ object, where }: Found, into: Import): void {
  const partitions = objectsAt(object, 'partitions', where);
  if (partitions.length > 1) into.note(where, 'muster has one tree: the queues of all partitions stand in it');
  for (const partition of partitions) {
    for (const queue of objectsAt(partition, 'queues', where)) {
      const name = nameAt(queue, 'name', where);
      if (name !== 'root') into.queues.push(queueOf(queue, name, into));
      else {
        if (own(queue, 'resources') !== undefined)
          into.note('root', 'its resources are those of the nodes in muster; left out');
        noteRest(queue, 'root', into);
        into.queues.push(
          ...objectsAt(queue, 'queues', where).map((one) => queueOf(one, nameAt(one, 'name', where), into)),
        );
      }
    }
    importPlacement(objectsAt(partition, 'placementrules', where), into);
    for (const field of ['limits', 'nodesortpolicy', 'preemption', 'statedumpfilepath'])
      if (own(partition, field) !== undefined) into.note('partition', `${field} has no counterpart; left out`);
  }
}

function queueOf(queue: Json, path: string, into: Import): Draft {
  noteRest(queue, path, into);
  const below = objectsAt(queue, 'queues', path).map((one) =>
    queueOf(one, `${path}.${nameAt(one, 'name', path)}`, into),
  );
  const template = objectAt(queue, 'childtemplate', path);
  const each = template && fieldsOf(template, `${path}.childtemplate`, into);
  const users = usersOf(objectsAt(queue, 'limits', path), path, into);
  return draft(nameAt(queue, 'name', path), { ...fieldsOf(queue, path, into), users, each }, below);
}

function fieldsOf(queue: Json, path: string, into: Import): Record<string, Plain> {
  const resources = objectAt(queue, 'resources', path) ?? {};
  const amounts = (key: string) => quotaOf(into.amounts(objectAt(resources, key, path), `${path}.${key}`, RENAMED));
  const gangs = integerAt(queue, 'maxapplications', path);
  const order = orderOf(textMapAt(queue, 'properties', path), path, into);
  return draft('', {
    guaranteed: amounts('guaranteed'),
    max: amounts('max'),
    running: gangs ? { gangs } : undefined,
    order,
  }).fields;
}

function orderOf(properties: ReadonlyMap<string, string>, path: string, into: Import): string | undefined {
  for (const key of properties.keys())
    if (key !== 'application.sort.policy') into.note(path, `property ${key} has no counterpart; left out`);
  const policy = properties.get('application.sort.policy');
  if (policy === 'fair') into.note(path, 'sort policy fair: users take turns in muster, not applications');
  if (policy === 'stateaware') into.note(path, 'sort policy stateaware is fifo in muster');
  return policy === 'fair' ? 'fair' : policy === undefined ? undefined : 'fifo';
}

/** Limits for `*` are those of each user; those for groups have no counterpart. */
function usersOf(limits: readonly Json[], path: string, into: Import): Record<string, Plain> | undefined {
  const of: Record<string, Plain> = {};
  let everybody: Record<string, Plain> = {};
  for (const limit of limits) {
    const gangs = integerAt(limit, 'maxapplications', path);
    const max = quotaOf(into.amounts(objectAt(limit, 'maxresources', path), `${path}.maxresources`, RENAMED));
    const { fields } = draft('', { max, gangs: gangs || undefined });
    if (listAt(limit, 'groups', path).length > 0) into.note(path, 'limits of groups have no counterpart; left out');
    for (const user of textsAt(limit, 'users', path)) {
      if (user === '*') everybody = fields;
      else of[user] = fields;
    }
  }
  const said = { ...everybody, ...(Object.keys(of).length > 0 ? { of } : {}) };
  return Object.keys(said).length > 0 ? said : undefined;
}

function noteRest(queue: Json, path: string, into: Import): void {
  for (const acl of ['submitacl', 'adminacl']) {
    const value = textAt(queue, acl, path);
    if (value !== undefined && value.trim() !== '*')
      into.note(path, `${acl} names users and groups; muster goes by namespace: set namespaces`);
  }
}
