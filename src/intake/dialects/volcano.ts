import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, checkedName, checkedQueue, forOurs, MOST, within } from './dialect-helpers.ts';

const ANNOTATIONS = ['scheduling.k8s.io/group-name', 'scheduling.volcano.sh/group-name'];

/** Volcano: an annotation names the PodGroup, which says how many start together and in which queue they wait. */
export const volcano = forOurs(
  ({ annotations }) => {
    const key = ANNOTATIONS.find((one) => annotations.get(one));
    return key && checkedName(annotations.get(key)!, `annotation ${key}`);
  },
  (input, name) => {
    const group = input.context.gangObjects.get('volcano-group', input.pod.namespace, name);
    if (!group) return awaiting(input, 'volcano-group', 'PodGroup', name);
    const queue = group.queue && checkedQueue(group.queue, `PodGroup ${name}: spec.queue`);
    return singleRoleGang(input, {
      name,
      min: within(group.minMember, [0, MOST], `PodGroup ${name}: spec.minMember`),
      queue,
    });
  },
);
