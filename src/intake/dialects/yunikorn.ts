import type { Role } from '../../core/model.ts';
import { constraintsOf } from '../constraints.ts';
import { asObject, integerAt, nameAt, type Json } from '../field.ts';
import { amountsAt } from '../pod-request.ts';
import { shown } from '../wording.ts';
import {
  checkedCount,
  checkedName,
  checkedQueue,
  foreignDialect,
  invalid,
  MAX_MEMBERS,
  ownQueue,
} from './dialect-helpers.ts';
import type { DialectInput } from './dialect.ts';

const GROUP = 'yunikorn.apache.org/task-group-name';
const GROUPS = 'yunikorn.apache.org/task-groups';

type Source = readonly ['label' | 'annotation', string];

/** In YuniKorn's order (yunikorn-k8shim, pkg/common/utils, 1.9). */
const APP: readonly Source[] = [
  ['label', 'yunikorn.apache.org/app-id'],
  ['annotation', 'yunikorn.apache.org/app-id'],
  ['label', 'applicationId'],
  ['label', 'spark-app-selector'],
];
const QUEUE: readonly Source[] = [
  ['label', 'yunikorn.apache.org/queue'],
  ['annotation', 'yunikorn.apache.org/queue'],
  ['label', 'queue'],
];

const MAX_TEXT = 64 * 1024;
const MAX_GROUPS = 16;

/**
 * YuniKorn: the originator declares task groups, and every member names its own. The originator's group leads; an
 * originator in no group leads alone, in a role of its own. If all members carry the declaration (a Job's template),
 * any of them may be the originator.
 */
export const yunikorn = foreignDialect(
  (input) => {
    if (!input.annotations.get(GROUP) && input.annotations.get(GROUPS) === undefined) return undefined;
    const app = firstOf(input, APP, checkedName);
    if (app === undefined) throw invalid(`label or annotation ${APP[0]![1]} is missing: name the application`);
    return app;
  },
  (input, app) => {
    const { pod, annotations } = input;
    const gang = `${pod.namespace}/${app}`;
    const group = annotations.get(GROUP) || undefined;
    const own = group && checkedName(group, `annotation ${GROUP}`);
    const declared = annotations.get(GROUPS);
    if (declared === undefined) return { gang, role: own! };
    const roles = withOriginator(rolesIn(declared), input, own);
    const queue = firstOf(input, QUEUE, checkedQueue) ?? ownQueue(input) ?? 'default';
    return { gang, role: roles[0]!.name, spec: { key: gang, namespace: pod.namespace, name: app, roles, queue } };
  },
);

function firstOf(
  { pod, annotations }: DialectInput,
  sources: readonly Source[],
  checked: (text: string, where: string) => string,
): string | undefined {
  for (const [on, key] of sources) {
    const text = on === 'label' ? pod.labels.get(key) : annotations.get(key);
    if (text) return checked(text, `${on} ${key}`);
  }
  return undefined;
}

/** Puts the originator's role first, with the requests and constraints of the pod itself. */
function withOriginator(roles: readonly Role[], { pod }: DialectInput, own = 'originator'): readonly Role[] {
  const { request, constraints } = pod;
  const others = roles.filter(({ name }) => name !== own);
  const declared = roles.find(({ name }) => name === own) ?? { name: own, count: 1, min: 1 };
  return [{ ...declared, request, constraints }, ...others];
}

function rolesIn(text: string): readonly Role[] {
  const where = `annotation ${GROUPS}`;
  const roles = listIn(text, where).map((item, i) => roleOf(asObject(item, `${where}[${i}]`), `${where}[${i}]`));
  const names = new Set(roles.map(({ name }) => name));
  if (names.size < roles.length) throw invalid(`${where}: two groups have the same name`);
  return roles;
}

function listIn(text: string, where: string): readonly unknown[] {
  if (text.length > MAX_TEXT) throw invalid(`${where}: must be at most ${MAX_TEXT} characters long`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`${where}: expected JSON, got ${shown(text)}`);
  }
  if (Array.isArray(value) && value.length > 0 && value.length <= MAX_GROUPS) return value;
  throw invalid(`${where}: expected a list of 1 to ${MAX_GROUPS} groups, got ${shown(value)}`);
}

function roleOf(group: Json, where: string): Role {
  const name = checkedName(nameAt(group, 'name', where), `${where}.name`);
  const minMember = integerAt(group, 'minMember', where);
  // 0 counts as 1, as in the other dialects; a group that says nothing is a mistake.
  const count = checkedCount(minMember === 0 ? 1 : (minMember ?? 0), [1, MAX_MEMBERS], `${where}.minMember`);
  const request = amountsAt(group, 'minResource', where);
  request.set('pods', 1);
  return { name, count, min: count, request, constraints: constraintsOf(group, where) };
}
