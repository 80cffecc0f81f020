import type { TakenFrom } from '../effects.ts';
import { amount, amountOf } from './amounts.ts';

/** `queue a holds 150 of its 100 cores`. What is no whole number is rounded to a tenth. */
export function heldBeyond({ queue, resource, held, share }: Omit<TakenFrom, 'victims'>): string {
  return `queue ${queue} holds ${ofShare({ resource, held, share })}`;
}

/** `150 of its 100 cores` */
export function ofShare({ resource, held, share }: Pick<TakenFrom, 'resource' | 'held' | 'share'>): string {
  const isCpu = resource === 'cpu';
  const rounded = isCpu ? Math.round(share / 100) * 100 : Math.round(share * 10) / 10;
  const has = isCpu ? (Math.round(held / 100) / 10).toLocaleString('en-US') : amount(resource, held);
  return `${has} of its ${amountOf(resource, rounded)}`;
}
