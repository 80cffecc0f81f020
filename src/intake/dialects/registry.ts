import type { Membership, PodInfo } from '../../core/model.ts';
import type { IntakeContext } from '../companions.ts';
import type { Json } from '../field.ts';
import { indexedJob } from './indexed-job.ts';
import { jobSet } from './job-set.ts';
import { kueue } from './kueue.ts';
import { native } from './native.ts';
import { palantir } from './palantir.ts';
import { podGroup } from './pod-group.ts';
import { spark } from './spark.ts';
import { volcano } from './volcano.ts';
import { yunikorn } from './yunikorn.ts';

/** What a dialect reads: the pod so far, its annotations, and the whole object for what PodInfo has not. */
export interface DialectInput {
  readonly pod: PodInfo;
  readonly annotations: ReadonlyMap<string, string>;
  readonly object: Json;
  readonly context: IntakeContext;
}

/**
 * One way of saying "this pod is in a gang". Undefined: the pod says nothing in this dialect. A declaration that is
 * wrong is a Membership with a `problem`, never an exception: the user hears it as the reason for waiting.
 */
export type Dialect = (input: DialectInput) => Membership | undefined;

/** In this order; the first that knows the pod decides. A new one: one file, one line here, a part of docs/dialects.md. */
const DIALECTS: readonly Dialect[] = [native, palantir, spark, yunikorn, volcano, podGroup, kueue, jobSet, indexedJob];

export function membershipOf(input: DialectInput): Membership | undefined {
  for (const dialect of DIALECTS) {
    const membership = dialect(input);
    if (membership) return membership;
  }
  return undefined;
}
