import { MusterError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { constraintsOf } from '../constraints.ts';
import { asObject, integerAt, nameAt, objectAt, type Json } from '../field.ts';
import { parseQuantity, shown, wholeUnits } from '../quantity.ts';
import { forOurs, MOST } from './equals.ts';
import type { DialectInput } from './registry.ts';

const GROUP = 'yunikorn.apache.org/task-group-name';
const GROUPS = 'yunikorn.apache.org/task-groups';
const APP = ['yunikorn.apache.org/app-id', 'applicationId', 'spark-app-selector'];
const QUEUE = ['yunikorn.apache.org/queue', 'queue'];
const MAX_TEXT = 64 * 1024;
const MAX_GROUPS = 16;

/**
 * YuniKorn: the originator declares task groups, and every member names its own. The originator's group leads; where
 * it is in none of them, it leads alone in a role of its own.
 */
export const yunikorn = forOurs((input) => {
  const { pod, annotations } = input;
  const group = annotations.get(GROUP);
  const declared = annotations.get(GROUPS);
  if (group === undefined && declared === undefined) return undefined;
  const app = firstOf(input, APP);
  if (!app)
    throw new MusterError('MUSTER_OBJECT_INVALID', `label or annotation ${APP[0]} is missing: name the application.`);
  const gang = `${pod.namespace}/${app}`;
  if (declared === undefined) return { gang, role: group! };
  const roles = rolesOf(declared, input, group);
  const queue = firstOf(input, QUEUE) ?? 'default';
  return { gang, role: roles[0]!.name, spec: { key: gang, namespace: pod.namespace, name: app, roles, queue } };
});

function firstOf({ pod, annotations }: DialectInput, keys: readonly string[]): string | undefined {
  return keys.map((key) => annotations.get(key) ?? pod.labels.get(key)).find((value) => value);
}

function rolesOf(text: string, { pod }: DialectInput, own: string | undefined): readonly Role[] {
  const where = `annotation ${GROUPS}`;
  const value = listIn(text, where);
  const roles = value.map((item, i) => roleOf(asObject(item, `${where}[${i}]`), `${where}[${i}]`));
  const at = roles.findIndex(({ name }) => name === own);
  const { request, constraints } = pod;
  if (at < 0) return [{ name: own ?? 'originator', count: 1, min: 1, request, constraints }, ...roles];
  const leader = { ...roles[at]!, request, constraints };
  return [leader, ...roles.slice(0, at), ...roles.slice(at + 1)];
}

function listIn(text: string, where: string): readonly unknown[] {
  let value: unknown;
  try {
    value = text.length > MAX_TEXT ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value) && value.length > 0 && value.length <= MAX_GROUPS) return value;
  throw new MusterError(
    'MUSTER_OBJECT_INVALID',
    `${where}: ${shown(text)} is not a JSON list of 1 to ${MAX_GROUPS} groups.`,
  );
}

function roleOf(group: Json, where: string): Role {
  const count = integerAt(group, 'minMember', where) ?? 0;
  if (count < 1 || count > MOST)
    throw new MusterError('MUSTER_OBJECT_INVALID', `${where}.minMember: ${count} is not between 1 and ${MOST}.`);
  const request = new Map([['pods', 1]]);
  for (const [resource, amount] of Object.entries(objectAt(group, 'minResource', where) ?? {})) {
    const at = `${where}.minResource.${resource}`;
    request.set(resource, wholeUnits(parseQuantity(amount, at), resource, at));
  }
  return { name: nameAt(group, 'name', where), count, min: count, request, constraints: constraintsOf(group, where) };
}
