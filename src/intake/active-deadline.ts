import { own, type Json } from './field.ts';

/** spec.activeDeadlineSeconds of a pod or a Job, in ms: Kubernetes ends it then. Other values than positive ones say nothing. */
export function deadlineOf(spec: Json): number | undefined {
  const seconds = own(spec, 'activeDeadlineSeconds');
  return typeof seconds === 'number' && seconds > 0 && seconds < Infinity ? seconds * 1000 : undefined;
}
