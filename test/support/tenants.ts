import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import type { Tenancy } from '../../src/core/policy/tenancy.ts';
import type { GangBuilder } from './builders.ts';
import { World } from './world.ts';

/** A world with these queues. */
export function worldWith(nodes: readonly NodeInfo[], tenancy: Tenancy, policy: Partial<Policy> = {}): World {
  const world = new World(nodes, policy);
  world.scheduler.setRules({ policies: [{ ...DEFAULT_POLICY, ...policy }], tenancy }, 0);
  return world;
}

/** New rules for tenants; the policies stay. */
export function setTenancy(world: World, tenancy: Tenancy): void {
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
}

/** Lets muster try its waiting gangs. @returns the gangs that were admitted, by name */
export function admitted(world: World): string[] {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.effects.push(...effects);
  world.scheduler.checkInvariants();
  return effects.flatMap((one) => (one.kind === 'gang-admitted' ? [one.gang.slice(one.gang.indexOf('/') + 1)] : []));
}

/** The same gang in another namespace. */
export function inNamespace(gang: GangBuilder, namespace: string): GangBuilder {
  const { spec } = gang;
  const moved = { ...spec, key: `${namespace}/${spec.name}`, namespace };
  const there = (pod: PodInfo): PodInfo => {
    const { role, spec: declared } = pod.membership!;
    const membership = { gang: moved.key, role };
    return { ...pod, namespace, membership: declared ? { ...membership, spec: moved } : membership };
  };
  return Object.assign(Object.create(gang) as GangBuilder, {
    spec: moved,
    leader: (uid?: string) => there(gang.leader(uid)),
    member: (role: string, i: number) => there(gang.member(role, i)),
  });
}
