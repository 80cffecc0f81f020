import type { Membership } from '../../core/model.ts';
import { ownQueue } from './dialect-helpers.ts';
import type { DialectInput } from './dialect.ts';

export interface SingleRoleGang {
  readonly name: string;
  /** How many start together; 0 counts as 1. */
  readonly min: number;
  readonly queue?: string | undefined;
}

/**
 * A gang of one role: one role, which every member declares, so that any of them may lead. It is planned with what the
 * pod asks that is asked about; members beyond the minimum are welcome to room that nobody holds.
 */
export function singleRoleGang(
  input: DialectInput,
  { name, min, queue = ownQueue(input) ?? 'default' }: SingleRoleGang,
): Membership {
  const { request, constraints, namespace } = input.pod;
  const gang = `${namespace}/${name}`;
  const count = Math.max(1, min);
  const roles = [{ name: 'member', count, min: count, request, constraints }];
  return { gang, role: 'member', spec: { key: gang, namespace, name, roles, queue } };
}
