import type { Membership, PodInfo } from '../../core/model.ts';
import type { IntakeContext } from '../gang-objects.ts';
import type { Json } from '../field.ts';

/** What a dialect reads: the pod so far, its annotations, and the whole object for fields that PodInfo lacks. */
export interface DialectInput {
  readonly pod: PodInfo;
  readonly annotations: ReadonlyMap<string, string>;
  readonly object: Json;
  readonly context: IntakeContext;
}

/**
 * One way to declare that a pod is in a gang. Undefined: the pod declares nothing in this dialect. A wrong declaration
 * is a Membership with a `problem`, never an exception: the user sees it as the gang's reason for waiting.
 */
export type Dialect = (input: DialectInput) => Membership | undefined;
