import { nameAt, objectsAt, own, type Json } from '../../intake/field.ts';
import type { Import } from './draft.ts';

/** The quotas of a ClusterQueue or cohort, over all flavors. */
export interface FlavorQuota {
  readonly nominal: ReadonlyMap<string, number>;
  /** By resource of which every flavor has a limit. */
  readonly borrow: ReadonlyMap<string, number>;
  /** Undefined: all of it. */
  readonly lend: ReadonlyMap<string, number> | undefined;
  readonly flavors: readonly string[];
}

/** muster has one amount for each resource: the quotas of flavors are added. */
export function flavorQuota(groups: readonly Json[], where: string, into: Import): FlavorQuota {
  const [nominal, borrow, lend] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const endless = new Set<string>();
  const flavors = new Set<string>();
  let isLendLimited = false;
  for (const flavor of groups.flatMap((group) => objectsAt(group, 'flavors', where))) {
    flavors.add(nameAt(flavor, 'name', where));
    for (const resource of objectsAt(flavor, 'resources', where)) {
      const name = nameAt(resource, 'name', where);
      const amountAt = (key: string) => readAmount(resource, key, { name, where, into });
      const [own_, more, lent] = ['nominalQuota', 'borrowingLimit', 'lendingLimit'].map(amountAt);
      if (own_ === undefined) continue;
      add(nominal, name, own_);
      if (more === undefined) endless.add(name);
      else add(borrow, name, more);
      add(lend, name, lent ?? own_);
      isLendLimited ||= lent !== undefined;
    }
  }
  for (const name of endless) borrow.delete(name);
  if (flavors.size > 1)
    into.note(
      where,
      `the quotas of flavors ${[...flavors].join(', ')} were added; make a queue with nodes for each to keep them apart`,
    );
  return { nominal, borrow, lend: isLendLimited ? lend : undefined, flavors: [...flavors] };
}

function readAmount(
  resource: Json,
  key: string,
  { name, where, into }: { name: string; where: string; into: Import },
): number | undefined {
  const value = own(resource, key);
  if (value === undefined || value === null) return undefined;
  return into.amounts({ [name]: value }, `${where}.${key}`).get(name);
}

const add = (to: Map<string, number>, name: string, amount: number) => to.set(name, (to.get(name) ?? 0) + amount);
