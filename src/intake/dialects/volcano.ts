import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, checkedCount, checkedName, checkedQueue, foreignDialect, MAX_MEMBERS } from './dialect-helpers.ts';

const ANNOTATIONS = ['scheduling.k8s.io/group-name', 'scheduling.volcano.sh/group-name'];

/** Volcano: an annotation names the PodGroup, which has minMember and the queue. */
export const volcano = foreignDialect(
  ({ annotations }) => {
    for (const key of ANNOTATIONS) {
      const name = annotations.get(key);
      if (name) return checkedName(name, `annotation ${key}`);
    }
    return undefined;
  },
  (input, name) => {
    const group = input.context.gangObjects.get('volcano-group', input.pod.namespace, name);
    if (!group) return awaiting(input, 'volcano-group', 'PodGroup', name);
    const queue = group.queue && checkedQueue(group.queue, `PodGroup ${name}: spec.queue`);
    const min = checkedCount(group.minMember, [0, MAX_MEMBERS], `PodGroup ${name}: spec.minMember`);
    return singleRoleGang(input, { name, min, queue, succeeded: group.succeeded, waitsForAll: true });
  },
);
