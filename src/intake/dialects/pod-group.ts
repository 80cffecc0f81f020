import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, checkedCount, foreignDialect, MAX_MEMBERS } from './dialect-helpers.ts';

export const POD_GROUP_LABELS = ['scheduling.x-k8s.io/pod-group', 'pod-group.scheduling.sigs.k8s.io'];

/**
 * Coscheduling of scheduler-plugins: a label names the PodGroup, whose minMember is how many start together, once they
 * exist. How many have succeeded is counted from their pods: the controller leaves the status of a group that is Finished
 * or Failed as it is (pkg/controllers/podgroup_controller.go), and another run may have the same name.
 */
export const podGroup = foreignDialect(
  ({ pod }) => POD_GROUP_LABELS.map((label) => pod.labels.get(label)).find((value) => value),
  (input, name) => {
    const group = input.context.gangObjects.get('pod-group', input.pod.namespace, name);
    if (!group) return awaiting(input, 'pod-group', 'PodGroup', name);
    const min = checkedCount(group.minMember, [0, MAX_MEMBERS], `PodGroup ${name}: spec.minMember`);
    const succeeded = input.context.gangObjects.get('succeeded-in-pod-group', input.pod.namespace, name);
    return singleRoleGang(input, { name, min, succeeded, waitsForAll: true });
  },
);
