import { MusterError } from '../../core/errors.ts';
import type { Membership } from '../../core/model.ts';
import { companionKey, type CompanionKind } from '../companions.ts';
import { shown } from '../quantity.ts';
import type { Dialect, DialectInput } from './registry.ts';

/** No gang has more members of a role. */
export const MOST = 10_000;

export interface Equals {
  /** The gang's name, unique in its namespace and among the dialects. */
  readonly name: string;
  readonly min: number;
  /** How many there may be; absent: as many as start together. */
  readonly count?: number;
  readonly queue?: string | undefined;
}

/** A gang of equals: every member declares it, and any may lead. Planned with what the asking pod asks. */
export function equals({ pod }: DialectInput, { name, min, count = min, queue = 'default' }: Equals): Membership {
  const gang = `${pod.namespace}/${name}`;
  const { request, constraints, namespace } = pod;
  const least = Math.max(1, min);
  const role = { name: 'member', count: Math.max(least, count), min: least, request, constraints };
  return { gang, role: 'member', spec: { key: gang, namespace, name, roles: [role], queue } };
}

/** A member whose gang's declaration is not there yet. */
export function awaiting(
  { pod }: DialectInput,
  kind: CompanionKind,
  { what, name }: { what: string; name: string },
): Membership {
  const problem = `${what} ${name} is not there yet`;
  return { gang: `${pod.namespace}/${name}`, role: '', problem, awaits: companionKey(kind, pod.namespace, name) };
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function countIn(text: string, where: string, least = 1): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(count >= least && count <= MOST))
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      `${where}: ${shown(text)} is not a number from ${least} to ${MOST}.`,
    );
  return count;
}

/** For pods of ours alone; what is wrong with a declaration becomes the reason for waiting. */
export function forOurs(dialect: Dialect): Dialect {
  return (input) => {
    const { pod, context } = input;
    if (!context.schedulerNames.has(pod.schedulerName)) return undefined;
    try {
      return dialect(input);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      return { gang: `${pod.namespace}/${pod.name}`, role: '', problem: error.what.replace(/\.$/, '') };
    }
  };
}
