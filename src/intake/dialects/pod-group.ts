import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, forOurs, MOST, within } from './dialect-helpers.ts';

const LABELS = ['scheduling.x-k8s.io/pod-group', 'pod-group.scheduling.sigs.k8s.io'];

/** Coscheduling of scheduler-plugins: a label names the PodGroup, which says how many start together. */
export const podGroup = forOurs(
  ({ pod }) => LABELS.map((label) => pod.labels.get(label)).find((value) => value),
  (input, name) => {
    const group = input.context.gangObjects.get('pod-group', input.pod.namespace, name);
    if (!group) return awaiting(input, 'pod-group', 'PodGroup', name);
    return singleRoleGang(input, { name, min: within(group.minMember, [0, MOST], `PodGroup ${name}: spec.minMember`) });
  },
);
