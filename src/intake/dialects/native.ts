import { MusterError } from '../../core/errors.ts';
import type { Membership, PodInfo, Role } from '../../core/model.ts';
import { tolerationsAt } from '../constraints.ts';
import { asObject, integerAt, nameAt, own, textMapAt, type Json } from '../field.ts';
import { amountsAt } from '../pod-request.ts';
import { shown } from '../wording.ts';
import type { Dialect } from './dialect.ts';
import { checkedCount, invalid, MAX_MEMBERS, problemOf } from './dialect-helpers.ts';

const GANG = 'muster.dev/gang';
const ROLE = 'muster.dev/role';
const ROLES = 'muster.dev/roles';
const QUEUE = 'muster.dev/queue';

const MAX_ROLES = 16;
const MAX_TEXT = 64 * 1024;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const ROLE_KEYS = new Set(['name', 'count', 'min', 'requests', 'nodeSelector', 'tolerations']);

/**
 * muster's own dialect: labels `muster.dev/gang` and `muster.dev/role`, annotation `muster.dev/roles` on the leader.
 */
export const native: Dialect = ({ pod, annotations }) => {
  const name = pod.labels.get(GANG);
  if (name === undefined) return undefined;
  const gang = `${pod.namespace}/${name}`;
  if (name === '') return { gang, role: '', problem: `label ${GANG} is empty: name the gang` };
  const declared = annotations.get(ROLES);
  const role = pod.labels.get(ROLE);
  if (declared === undefined) {
    if (role !== undefined) return { gang, role };
    return { gang, role: '', problem: `label ${ROLE} is missing: say which role of the gang this pod has` };
  }
  try {
    const roles = parseRoles(declared, pod, role);
    const queue = pod.labels.get(QUEUE) ?? annotations.get(QUEUE) ?? 'default';
    const own = role ?? roles[0]!.name;
    if (!roles.some((one) => one.name === own))
      throw invalid(`label ${ROLE}: ${shown(own)} is not among the roles of annotation ${ROLES}`);
    return { gang, role: own, spec: { key: gang, namespace: pod.namespace, name, roles, queue } };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return { gang, role: role ?? '', problem: problemOf(error) } satisfies Membership;
  }
};

function parseRoles(text: string, pod: PodInfo, ownRole: string | undefined): Role[] {
  const where = `annotation ${ROLES}`;
  if (text.length > MAX_TEXT) throw invalid(`${where}: must be at most ${MAX_TEXT} characters long`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`${where}: expected JSON, got ${shown(text)}`);
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ROLES) {
    throw invalid(`${where}: expected a list of 1 to ${MAX_ROLES} roles, got ${shown(value)}`);
  }
  const roles = value.map((item, i) => parseRole(asObject(item, `${where}[${i}]`), `${where}[${i}]`, i === 0));
  const names = new Set(roles.map(({ name }) => name));
  if (names.size < roles.length) throw invalid(`${where}: two roles have the same name`);
  return roles.map((role, i) =>
    role.name === (ownRole ?? roles[0]!.name) ? asThePodIs(role, pod, value[i] as Json) : role,
  );
}

function parseRole(role: Json, where: string, leads: boolean): Role {
  for (const key of Object.keys(role)) {
    if (!ROLE_KEYS.has(key))
      throw invalid(`${where}: unknown field ${shown(key)}; expected one of ${[...ROLE_KEYS].join(', ')}`);
  }
  const name = nameAt(role, 'name', where);
  if (!DNS_LABEL.test(name)) throw invalid(`${where}.name: expected a DNS label, got ${shown(name)}`);
  const least = leads ? 1 : 0;
  const count = checkedCount(integerAt(role, 'count', where) ?? 1, [least, MAX_MEMBERS], `${where}.count`);
  const min = checkedCount(integerAt(role, 'min', where) ?? count, [least, count], `${where}.min`);
  const request = amountsAt(role, 'requests', where);
  request.set('pods', 1);
  const constraints = { nodeSelector: textMapAt(role, 'nodeSelector', where), tolerations: tolerationsAt(role, where) };
  return { name, count, min, request, constraints };
}

/** The pod's own role takes its requests from the pod, and its constraints too unless the role declares them. */
function asThePodIs(role: Role, pod: PodInfo, declared: Json): Role {
  const says = (key: string) => (own(declared, key) ?? null) !== null;
  const constraints = says('nodeSelector') || says('tolerations') ? role.constraints : pod.constraints;
  return { ...role, request: pod.request, constraints };
}
