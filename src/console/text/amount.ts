/** Amounts of resources for people: cpu in cores, memory and storage in bytes, others in their own unit. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

const plain = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,204`, and `12.5`. */
export const numberText = (value: number) => (Math.abs(value) >= 100 ? whole : plain).format(value);

/** `gang` or `gangs`. */
export const plural = (count: number, one: string, more = `${one}s`) =>
  `${whole.format(count)} ${count === 1 ? one : more}`;

const isBytes = (resource: string) =>
  resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-');

/** `12.5 cores`, `1.5 TiB`, `8`. */
export function amountText(resource: string, value: number): string {
  if (resource === 'cpu') return `${numberText(value)} ${value === 1 ? 'core' : 'cores'}`;
  return isBytes(resource) ? bytesText(value) : numberText(value);
}

function bytesText(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${bytes < 0 ? '-' : ''}${numberText(value)} ${UNITS[unit]}`;
}

/** `cpu 4 cores, memory 8 GiB` */
export const amountsText = (amounts: Readonly<Record<string, number>>) =>
  Object.entries(amounts)
    .map(([resource, value]) => `${resource} ${amountText(resource, value)}`)
    .join(', ');

/** @param part 0 to 1 */
export const percentText = (part: number) => `${Math.round(part * 100)} %`;
