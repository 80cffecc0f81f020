import { signal } from '@preact/signals';
import { ask, pathOf } from '../../api/client.ts';
import type { GangDetail } from '../../api/contract.ts';

/** The gang over which the pointer rests; undefined: none. */
export const hoveredGang = signal<string | undefined>(undefined);

/** Gangs whose places are remembered. */
const MOST_KEPT = 30;
/** A pointer that passes over a name asks nothing. */
const REST_MS = 120;

const kept = new Map<string, GangDetail>();
let timer = 0;

/** Lights a gang once the pointer has rested on it. */
export function hover(gang: string | undefined): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => (hoveredGang.value = gang), REST_MS);
}

/** @param gang namespace/name */
export async function readGang(gang: string, stop?: AbortSignal): Promise<GangDetail> {
  const [namespace = '', ...name] = gang.split('/');
  const detail = await ask<GangDetail>(`v1/board/gangs/${pathOf(namespace, name.join('/'))}`, {}, stop);
  kept.delete(gang);
  kept.set(gang, detail);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  return detail;
}

/** What was read of the gang last. */
export const keptGang = (gang: string) => kept.get(gang);

/** How many places of the gang are on each node. */
export function placesOf(
  { places }: Pick<GangDetail, 'places'>,
  indexes: ReadonlyMap<string, number>,
): ReadonlyMap<number, number> {
  const out = new Map<number, number>();
  for (const { node } of places) {
    const index = indexes.get(node);
    if (index !== undefined) out.set(index, (out.get(index) ?? 0) + 1);
  }
  return out;
}
