import type { BoundPod } from '../cluster/cluster.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';

/** The gang starts in its slots: its pods and their image pulls take tokens, which come back if it expires unclaimed. */
export function gangArrives(ctx: GangContext, gang: Gang, nowMs: number): void {
  const { rates, imagePulls, cluster } = ctx;
  if (!rates.isOn) return;
  const { key, spec, slots, leader } = gang;
  const nodes = slots.map(({ node }) => node);
  const pulls = rates.hasRegistries ? imagePulls.begin(cluster.table, leader.images, nodes, nowMs) : [];
  rates.take({ namespace: spec.namespace, pods: slots.length, pulls }, nowMs, key);
}

/** The pods are evicted, and their gangs or controllers make others in their place. */
export function successorsArrive({ rates }: GangContext, pods: readonly BoundPod[], nowMs: number): void {
  if (!rates.isOn) return;
  for (const { pod } of pods) rates.take({ namespace: pod.namespace, pods: 1, pulls: [] }, nowMs);
}
