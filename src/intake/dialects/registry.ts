import type { Membership } from '../../core/model.ts';
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
const DIALECTS: readonly Dialect[] = [native, palantir, spark, yunikorn, volcano, podGroup, kueue, jobSet, indexedJob];

export function membershipOf(input: DialectInput): Membership | undefined {
  for (const dialect of DIALECTS) {
    const membership = dialect(input);
    if (membership) return membership;
  }
  return undefined;
}
