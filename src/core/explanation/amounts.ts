import { counted } from '../wording.ts';

/** An amount for people: in cores, MiB or GiB, or the plain number. @param value in the unit of Resources */
export function amount(resource: string, value: number): string {
  if (resource === 'cpu') return counted(value / 1000, 'core');
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return String(value);
  return value >= 2 ** 30 ? `${Math.round((value / 2 ** 30) * 10) / 10} GiB` : `${Math.ceil(value / 2 ** 20)} MiB`;
}

/** As `amount`, with the name of the resource. */
export function amountOf(resource: string, value: number): string {
  switch (resource) {
    case 'cpu':
      return amount(resource, value);
    case 'pods':
      return counted(value, 'pod slot');
    case 'memory':
    case 'ephemeral-storage':
      return `${amount(resource, value)} of ${resource}`;
    default:
      return `${amount(resource, value)} ${resource}`;
  }
}
