import { hasBit } from '../cluster/eligibility.ts';
import type { Need, Plan, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';

/** What a waiting gang lacks since it was planned last: it is not planned again before there are as many places. */
export interface Lack {
  /** The need that does not fit; or all of them together, of which each fits alone: then any place may help. */
  readonly needs: readonly Need[];
  readonly isTogether: boolean;
  readonly enough: number;
  /** How many there are; kept by whoever changes the room. */
  places: number;
}

export const isEnough = ({ places, enough }: Lack): boolean => places >= enough;

/** What the plan found to be lacking. @param needs those of the plan */
export function lackOf({ need: index, places = 0 }: Extract<Plan, { kind: 'short' }>, needs: readonly Need[]): Lack {
  const need = index === undefined ? undefined : needs[index];
  if (!need) return { needs, isTogether: true, enough: 1, places: 0 };
  return { needs: [need], isTogether: false, enough: need.count, places };
}

/** More places on one node are not told apart. */
const MOST_PLACES = 10_000;

/** How many of the lacking places the row has. */
export function placesAt(room: Room, row: number, { needs, isTogether }: Lack): number {
  let places = 0;
  for (const { eligible, vector, count } of needs)
    if (hasBit(eligible, row)) places += capacityAt(room, row, vector, isTogether ? MOST_PLACES : count);
  return places;
}
