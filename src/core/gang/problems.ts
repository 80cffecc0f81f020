import type { GangPod } from '../model.ts';
import type { GangContext } from './context.ts';
import { refOf } from './gang.ts';

/** A gang object (Spark's ConfigMap) appears within a second; after this time the reason says that it is missing. */
const AWAITED_WITHIN_MS = 60_000;

/** Records why a pod with a broken declaration waits, and reports a new reason once. @returns the reason */
export function noteProblem(ctx: GangContext, pod: GangPod, problem: string, nowMs: number): string {
  const { gang, awaits } = pod.membership;
  const known = ctx.problems.get(pod.uid);
  const sinceMs = known?.sinceMs ?? Math.min(pod.createdMs ?? nowMs, nowMs);
  const isLate = awaits !== undefined && nowMs - sinceMs > AWAITED_WITHIN_MS;
  const reason = isLate ? `${problem} (still missing after 60 s: deleted, or muster may not list it)` : problem;
  if (known?.reason !== reason) ctx.emit({ kind: 'gang-waits', gang, leader: refOf(pod), reason });
  ctx.problems.set(pod.uid, { pod, sinceMs, reason });
  return reason;
}
