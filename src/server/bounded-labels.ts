/** Stands for all names beyond the first so many: no queue has such a name. */
export const OTHERS = '(others)';

/**
 * Keeps a metric from growing with the names that tenants invent: the first so many keep their own, for as long as the
 * process lives.
 */
export function boundedLabels(most: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= most) return OTHERS;
    known.add(name);
    return name;
  };
}
