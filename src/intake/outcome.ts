import type { Outcome } from '../core/model.ts';
import { objectAt, objectsAt, textAt, type Json } from './field.ts';

/** How and when a pod ended. */
export interface PodEnd {
  readonly outcome: Outcome;
  /** Wall time in ms at which its last container ended; absent: no container ran, as in a pod that the kubelet evicts. */
  readonly endedMs?: number;
}

/**
 * How a pod ended, by its phase.
 * @returns undefined: it has not ended
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function podEndOf(pod: Json): PodEnd | undefined {
  const status = objectAt(pod, 'status', 'Pod') ?? {};
  const phase = textAt(status, 'phase', 'Pod.status');
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined;
  const ends = objectsAt(status, 'containerStatuses', 'Pod.status').map((container) => {
    const state = objectAt(container, 'state', 'containerStatuses') ?? {};
    const terminated = objectAt(state, 'terminated', 'containerStatuses.state') ?? {};
    return Date.parse(textAt(terminated, 'finishedAt', 'terminated') ?? '');
  });
  const endedMs = Math.max(...ends.filter(Number.isFinite));
  return {
    outcome: phase === 'Succeeded' ? 'succeeded' : 'failed',
    ...(Number.isFinite(endedMs) ? { endedMs } : {}),
  };
}
