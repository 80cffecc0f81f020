import type { ClusterView } from '../cluster/cluster.ts';
import { requestOf } from '../gang/feasibility.ts';
import type { Gang } from '../gang/gang.ts';
import { leaderNeeds, requiredOf } from '../gang/needs.ts';
import { isLeaderRole, type Constraints } from '../model.ts';
import type { Need } from '../placement/need.ts';
import type { RoomPodSet } from './room-request.ts';

/** The API server refuses more pod sets in one request (maxItems of spec.podSets). */
const MOST_POD_SETS = 32;

/**
 * Everything that the gang lacks to start: the members of each role that it needs and that do not run. That is more than
 * what does not fit now, because the autoscaler places all of them on the nodes that it has before it adds any.
 * @returns undefined if it cannot be asked for: too many kinds of members, or constraints that no node can meet
 */
export function podSetsOf(cluster: ClusterView, gang: Gang): readonly RoomPodSet[] | undefined {
  const sets = leaderNeeds(cluster, gang).map((need) => podSetOf(gang, need));
  const isPossible = sets.every(({ constraints: { affinity } }) => affinity === undefined || affinity.some(hasAny));
  return isPossible && sets.length > 0 && sets.length <= MOST_POD_SETS ? sets : undefined;
}

const hasAny = (term: readonly unknown[]) => term.length > 0;

function podSetOf(gang: Gang, need: Need): RoomPodSet {
  const { spec, policy } = gang;
  const role = spec.roles.find(({ name }) => name === need.role)!;
  const { mode, keys, leader } = policy.topology;
  // Narrowest first: a domain of the widest key is enough.
  const together = mode === 'require' && (leader || !isLeaderRole(spec, role.name)) ? keys.at(-1) : undefined;
  return {
    role: role.name,
    count: need.count,
    request: requestOf(gang, need),
    constraints: requiredOf(gang, role),
    ...(together === undefined ? {} : { together }),
    ...(role.priorityClass === undefined ? {} : { priorityClass: role.priorityClass }),
  };
}

type Shape = readonly (readonly [role: string, count: number, kind: string])[];

/** The pod sets as a short text, which the request carries. */
export const shapeOf = (sets: readonly RoomPodSet[]): string =>
  JSON.stringify(sets.map((set) => [set.role, set.count, kindOf(set)]) satisfies Shape);

/** Less than this part fewer members are worth no new request: the autoscaler would begin from the start. */
const WORTH = 0.1;

/**
 * Whether the gang lacks something else by now than it asked for: another kind of member, more of one, or at least a
 * tenth fewer.
 */
export function isOutdated(asked: string, sets: readonly RoomPodSet[]): boolean {
  const before = readShape(asked);
  if (before?.length !== sets.length) return true;
  return sets.some((set, i) => {
    const [role, count, kind] = before[i]!;
    return (
      role !== set.role || kind !== kindOf(set) || set.count > count || set.count <= count - Math.max(1, count * WORTH)
    );
  });
}

/** Whoever may change the request may have written anything. */
function readShape(text: string): Shape | undefined {
  try {
    const shape: unknown = JSON.parse(text);
    return Array.isArray(shape) && shape.every((one) => Array.isArray(one) && one.length === 3)
      ? (shape as Shape)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What one pod of the set asks of a node. No secret depends on it: a short sum is enough. */
function kindOf({ request, constraints, together, priorityClass }: RoomPodSet): string {
  const text = JSON.stringify([
    [...request].sort(([a], [b]) => (a < b ? -1 : 1)),
    constraintsText(constraints),
    together ?? null,
    priorityClass ?? null,
  ]);
  return `${sumOf(text, 0x811c9dc5)}${sumOf(text, 0x01234567)}`;
}

const constraintsText = ({ nodeSelector, affinity, tolerations }: Constraints) => [
  [...nodeSelector].sort(([a], [b]) => (a < b ? -1 : 1)),
  affinity ?? null,
  tolerations,
];

/** FNV-1a, in hexadecimal. */
function sumOf(text: string, seed: number): string {
  let sum = seed;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, '0');
}
