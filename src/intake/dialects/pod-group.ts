import { awaiting, equals, forOurs } from './equals.ts';

const LABELS = ['scheduling.x-k8s.io/pod-group', 'pod-group.scheduling.sigs.k8s.io'];

/** Coscheduling of scheduler-plugins: a label names the PodGroup, which says how many start together. */
export const podGroup = forOurs((input) => {
  const name = LABELS.map((label) => input.pod.labels.get(label)).find((value) => value);
  if (name === undefined) return undefined;
  const group = input.context.companions.get('pod-group', input.pod.namespace, name);
  if (!group) return awaiting(input, 'pod-group', { what: 'PodGroup', name });
  return equals(input, { name, min: group.minMember });
});
