import { EVERY_RESOURCE, type Quota } from '../policy/tenancy.ts';
import type { ResourceColumns, Vector } from '../resources.ts';

/** Whether a resource is shared out where the file does not name those that are: cpu, memory and extended ones. */
export const isSharedByDefault = (name: string): boolean =>
  name !== 'pods' && !name.startsWith('(') && !name.startsWith('hugepages-') && !name.includes('storage');

/** A column that the quota does not name has no limit. */
export const amountOf = (
  { amounts, shares }: Quota,
  { name, capacity, otherwise }: { readonly name: string; readonly capacity: number; readonly otherwise: number },
): number => {
  const share = shares.get(name) ?? (isSharedByDefault(name) ? shares.get(EVERY_RESOURCE) : undefined);
  return amounts.get(name) ?? (share === undefined ? otherwise : share * capacity);
};

/**
 * A quota by column.
 * @param capacity what the cluster has, by column: parts are parts of it
 * @param otherwise the amount of a resource that the quota does not name
 */
export function quotaVector(
  quota: Quota,
  { columns, capacity, otherwise }: { columns: ResourceColumns; capacity: Vector; otherwise: number },
): Vector {
  return Float64Array.from(columns.names, (name, c) =>
    amountOf(quota, { name, capacity: capacity[c] ?? 0, otherwise }),
  );
}
