import type { Membership, PodInfo } from '../../core/model.ts';
import type { IntakeContext } from '../gang-objects.ts';
import type { Json } from '../field.ts';

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
