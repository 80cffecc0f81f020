import type { Membership } from '../../core/model.ts';
import { ownQueue } from './dialect-helpers.ts';
import type { DialectInput } from './dialect.ts';

export interface SingleRoleGang {
  readonly name: string;
  /** How many start together; 0 counts as 1. */
  readonly min: number;
  readonly queue?: string | undefined;
  /** How many have succeeded: the rest start without their room. */
  readonly succeeded?: number | undefined;
  /** No member starts before as many exist as start together. */
  readonly waitsForAll?: true;
}

/**
 * A gang of one role that every member declares, so that any member may lead. All places are planned with the request
 * of the pod that kube-scheduler asks about first. Elastic members may take room that no slot holds.
 *
 * When `min` have succeeded, the pod is late or the first of another run under the same name. It then counts as the
 * first of a whole gang, and waits for no other to be created.
 */
export function singleRoleGang(
  input: DialectInput,
  { name, min, queue = ownQueue(input) ?? 'default', succeeded = 0, waitsForAll }: SingleRoleGang,
): Membership {
  const { request, constraints, namespace } = input.pod;
  const gang = `${namespace}/${name}`;
  const isThrough = succeeded >= min;
  const count = Math.max(1, isThrough ? min : min - succeeded);
  const roles = [{ name: 'member', count, min: count, request, constraints }];
  const waits = waitsForAll && !isThrough ? { waitsForAll } : {};
  return { gang, role: 'member', spec: { key: gang, namespace, name, roles, queue, ...waits } };
}
