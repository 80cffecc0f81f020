import { MAX_GANG_MEMBERS, membersToStart, type Membership } from '../../core/model.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import { indexedJob } from './indexed-job.ts';
import { jobSet } from './job-set.ts';
import { kueue } from './kueue.ts';
import { native } from './native.ts';
import { palantir } from './palantir.ts';
import { podGroup } from './pod-group.ts';
import { spark } from './spark.ts';
import { volcano } from './volcano.ts';
import { yunikorn } from './yunikorn.ts';

/**
 * Tried in this order; the first that applies decides. A new one: one file, one line here, a part of docs/dialects.md.
 */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  native,
  palantir,
  spark,
  yunikorn,
  volcano,
  'pod-group': podGroup,
  kueue,
  'job-set': jobSet,
  'indexed-job': indexedJob,
};

/** The names of all dialects, as the rules of queues say them. */
export const DIALECT_NAMES: readonly string[] = Object.keys(DIALECTS);

/** The pod's membership. A gang that needs too many members to start is a problem, whatever its dialect. */
export function membershipOf(input: DialectInput): Membership | undefined {
  for (const name of DIALECT_NAMES) {
    const membership = DIALECTS[name]!(input);
    if (membership) return withinLimit(named(membership, name), input.context.maxGangMembers);
  }
  return undefined;
}

const named = (membership: Membership, dialect: string): Membership =>
  membership.spec ? { ...membership, dialect } : membership;

function withinLimit(membership: Membership, most = MAX_GANG_MEMBERS): Membership {
  const { gang, role, spec } = membership;
  const needed = spec ? membersToStart(spec) : 0;
  if (needed <= most) return membership;
  return { gang, role, problem: `the gang needs ${needed} members to start, and muster accepts ${most} at most` };
}
