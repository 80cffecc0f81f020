import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, checkedCount, foreignDialect, MAX_MEMBERS } from './dialect-helpers.ts';

const LABELS = ['scheduling.x-k8s.io/pod-group', 'pod-group.scheduling.sigs.k8s.io'];

/** Coscheduling of scheduler-plugins: a label names the PodGroup, whose minMember is how many start together. */
export const podGroup = foreignDialect(
  ({ pod }) => LABELS.map((label) => pod.labels.get(label)).find((value) => value),
  (input, name) => {
    const group = input.context.gangObjects.get('pod-group', input.pod.namespace, name);
    if (!group) return awaiting(input, 'pod-group', 'PodGroup', name);
    const min = checkedCount(group.minMember, [0, MAX_MEMBERS], `PodGroup ${name}: spec.minMember`);
    return singleRoleGang(input, { name, min });
  },
);
