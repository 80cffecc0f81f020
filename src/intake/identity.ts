import type { PodInfo } from '../core/model.ts';

/** What the API server has told muster about the pod that a request names. */
export type Identity =
  /** It waits for a node. Decisions rest on this record, not on the pod in the request. */
  | { readonly kind: 'pending'; readonly pod: PodInfo }
  /** It is bound or being deleted: there is nothing left to decide. */
  | { readonly kind: 'settled' }
  /** Nothing, or it knows the UID under another name. */
  | { readonly kind: 'unknown' };
