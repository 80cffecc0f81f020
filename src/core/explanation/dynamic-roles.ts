import type { Gang } from '../gang/gang.ts';
import { leaderRole } from '../model.ts';

/** For roles whose members are asked for as the gang works: what the policy's floor does to it, or its absence. */
export function dynamicRolesAdvice({ spec, leader, policy }: Gang): string[] {
  const { name: leading } = leaderRole(spec);
  return spec.roles.flatMap(({ name, min, count, isDynamic }) => {
    if (!isDynamic || count === 0) return [];
    const declared = leader.membership?.spec?.roles.find((role) => role.name === name)?.min ?? min;
    if (declared < min)
      return [
        `It declares ${declared} ${name}s to begin with; policy ${policy.name} reserves ${min} with the ${leading} (spark.minExecutors).`,
      ];
    return min > 0
      ? []
      : [
          `It starts with its ${leading} alone: such gangs can fill the cluster without one that works. A floor is spark.minExecutors of policy ${policy.name}.`,
        ];
  });
}
