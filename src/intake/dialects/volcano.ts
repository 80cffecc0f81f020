import { awaiting, equals, forOurs } from './equals.ts';

const ANNOTATIONS = ['scheduling.k8s.io/group-name', 'scheduling.volcano.sh/group-name'];

/** Volcano: an annotation names the PodGroup, which says how many start together and in which queue they wait. */
export const volcano = forOurs((input) => {
  const name = ANNOTATIONS.map((annotation) => input.annotations.get(annotation)).find((value) => value);
  if (name === undefined) return undefined;
  const group = input.context.companions.get('volcano-group', input.pod.namespace, name);
  if (!group) return awaiting(input, 'volcano-group', { what: 'PodGroup', name });
  return equals(input, { name, min: group.minMember, queue: group.queue });
});
