/** `1 pod`, `2 pods`, `5,000 pods`, `0.5 cores`. @param plural where it is not the noun with an `s` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}

/** An amount as Kubernetes writes it: `500m`, `16`, `64Gi`. @param value in the unit of Resources */
export function asQuantity(resource: string, value: number): string {
  if (resource === 'cpu') return value % 1000 === 0 ? String(value / 1000) : `${value}m`;
  if (resource !== 'memory' && !resource.includes('storage')) return String(value);
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (value > 0 && value % size === 0) return `${value / size}${unit}`;
  return String(value);
}

/** `a`, `a and b`, `a, b and c` */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
