import type { PodInfo } from '../../model.ts';

/** What the rules look at in a pod. */
export type JudgedPod = Pick<
  PodInfo,
  'uid' | 'namespace' | 'schedulerName' | 'priority' | 'membership' | 'evictionTraits'
>;

/** Kubernetes' default grace period. */
export const USUAL_GRACE_MS = 30_000;
