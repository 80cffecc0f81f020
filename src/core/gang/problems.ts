import type { GangPod } from '../model.ts';
import type { GangContext } from './context.ts';
import { refOf } from './gang.ts';

/** An awaited object (Spark's ConfigMap) comes within a second; after this long the reason says that it did not. */
const AWAITED_WITHIN_MS = 60_000;

/** Remembers why a pod of a broken declaration waits, and tells of a new reason once. @returns the reason */
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
