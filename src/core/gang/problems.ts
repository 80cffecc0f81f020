import type { GangPod } from '../model.ts';
import type { GangContext } from './context.ts';
import { refOf } from './gang.ts';

/**
 * Records why a pod with a broken declaration waits, and reports a new reason once. The reason stays the same text as time
 * goes by: kube-scheduler writes it into the pod and would ask about the changed pod again. @returns the reason
 */
export function noteProblem(ctx: GangContext, pod: GangPod, problem: string, nowMs: number): string {
  const { gang } = pod.membership;
  const known = ctx.problems.get(pod.uid);
  const sinceMs = known?.sinceMs ?? Math.min(pod.createdMs ?? nowMs, nowMs);
  if (known?.reason !== problem) ctx.emit({ kind: 'gang-waits', gang, leader: refOf(pod), reason: problem });
  ctx.problems.set(pod.uid, { pod, sinceMs, reason: problem });
  return problem;
}
