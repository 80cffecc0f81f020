import type { PodRef, SlotCounts, WrittenPlan } from '../core/model.ts';
import { formatReservation, parseReservation } from './reservation.ts';

/**
 * Annotation of a waiting leader: the victims evicted for its gang. Written before the first eviction, read after a
 * restart.
 */
export const EVICTION = 'muster.dev/eviction';

const VERSION = 1;
const MAX_TEXT = 200_000;
const MAX_VICTIMS = 10_000;

/** The parts of an eviction plan that are written to the annotation. */
export type Plan = Omit<WrittenPlan, 'text'>;

/**
 * `{"v":1,"id":"1763704800000","until":1763704890000,"slots":{...},"victims":["namespace/name/uid", ...]}`; `slots` as
 * in the annotation muster.dev/reservation.
 * @returns undefined for a plan too large for an annotation: it must not be carried out, since a restart would lose it
 */
export function formatPlan({ id, untilMs, slots, victims }: Plan): string | undefined {
  const names = victims.map(({ namespace, name, uid }) => `${namespace}/${name}/${uid}`);
  const until = Number.isFinite(untilMs) ? untilMs : null;
  const text = JSON.stringify({ v: VERSION, id, until, slots: formatReservation(slots), victims: names });
  return text.length <= MAX_TEXT ? text : undefined;
}

/** Undefined for a text in another format: of another version, or written by hand. */
export function parsePlan(text: string | undefined): WrittenPlan | undefined {
  if (text === undefined || text.length > MAX_TEXT) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = (value ?? {}) as Readonly<Record<string, unknown>>;
  const slots = slotsOf(read['slots']);
  const victims = victimsOf(read['victims']);
  const until = read['until'];
  const untilMs = until === null ? Infinity : until;
  if (read['v'] !== VERSION || typeof read['id'] !== 'string' || typeof untilMs !== 'number') return undefined;
  return slots && victims && { text, id: read['id'].slice(0, 64), untilMs, slots, victims };
}

function slotsOf(text: unknown): SlotCounts | undefined {
  return typeof text === 'string' ? parseReservation(text)?.slots : undefined;
}

function victimsOf(value: unknown): PodRef[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_VICTIMS) return undefined;
  const out: PodRef[] = [];
  for (const item of value as unknown[]) {
    const [namespace, name, uid, more] = typeof item === 'string' ? item.split('/') : [];
    if (!namespace || !name || !uid || more !== undefined) return undefined;
    out.push({ namespace, name, uid });
  }
  return out;
}
