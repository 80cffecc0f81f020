import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { leaderNeeds, siblingRows } from '../gang/needs.ts';
import { forecastOf } from '../gang/run-identity.ts';
import type { FreedRoom, Need } from '../placement/need.ts';
import { Shortfall } from '../placement/shortfall.ts';
import { domainRows } from '../placement/topology.ts';
import type { RoomAt, Walk } from './walk.ts';

/** A waiting gang with its place in time. */
export interface Head {
  readonly gang: Gang;
  /** When it fits if the forecasts hold, in ms; Infinity: that cannot be told. */
  readonly startMs: number;
  /** When it would have started if nobody had passed it: who passes it by ending before it must end by then. */
  readonly dueMs: number;
  /** What its members take then; empty if it has no start time. */
  readonly places: readonly FreedRoom[];
  /** The room at that time without what the gang itself takes: how much the gang lacks there while others take from it. */
  readonly fit: Shortfall;
}

/** Goes through time until the gang fits; the walk stands at that time then. */
export function headAt(ctx: GangContextView, walk: Walk, gang: Gang): Head {
  const search = new Search(ctx, walk, gang);
  const { fit } = search;
  let places = search.places();
  while (!places) {
    const change = walk.step();
    if (change && !search.changed(change)) continue;
    places = change ? search.places() : search.lastPlaces();
    if (!change && !places) return { gang, startMs: Infinity, dueMs: Infinity, places: [], fit };
  }
  return { gang, startMs: walk.atMs, dueMs: walk.atMs, places, fit };
}

/** When the gang would end that starts at its start time, in ms. @param share how many of such runs end before */
export const endOfHead = (ctx: GangContextView, { gang, startMs }: Head, share: number): number =>
  startMs + forecastOf(ctx, gang).endsWithin(share, 0);

/** Follows the room of a walk and says where a gang fits. */
class Search {
  readonly fit: Shortfall;
  readonly #ctx: GangContextView;
  readonly #walk: Walk;
  readonly #gang: Gang;
  readonly #needs: readonly Need[];
  readonly #domains: readonly (readonly number[])[];
  /** Domains where room has changed since they were looked at. */
  #open: readonly (readonly number[])[];
  /** Plans that failed although no role lacked a place by itself, and how often no plan is to be tried now. */
  #failures = 0;
  #skips = 0;

  constructor(ctx: GangContextView, walk: Walk, gang: Gang) {
    const { cluster } = ctx;
    const { topology } = gang.policy;
    [this.#ctx, this.#walk, this.#gang] = [ctx, walk, gang];
    this.#needs = leaderNeeds(cluster, gang);
    this.#domains = this.#open = domainRows(cluster, topology, siblingRows(cluster, gang));
    this.fit = new Shortfall(cluster, this.#needs, {
      leave: undefined,
      domainBindsLeader: topology.leader,
      room: walk.room,
    });
    if (this.#domains.length === 1) this.fit.confine(this.#domains[0]!);
  }

  /** @returns whether the change is of use to the gang */
  changed({ room, sign }: RoomAt): boolean {
    let isUseful = false;
    for (const { row, vector } of room) {
      if (sign > 0) this.fit.give(row, vector);
      else this.fit.take(row, vector);
      isUseful ||= sign > 0 && this.fit.isEligible(row);
    }
    this.#open = isUseful ? this.#domainsWith(room) : [];
    return isUseful;
  }

  #domainsWith(room: readonly FreedRoom[]): readonly (readonly number[])[] {
    if (this.#domains.length === 1 || !this.#gang.policy.topology.leader) return this.#domains;
    const touched = new Set(room.map(({ row }) => row));
    return this.#domains.filter((rows) => rows.some((row) => touched.has(row)));
  }

  /** Where its members go now; undefined: they do not fit. */
  places(): readonly FreedRoom[] | undefined {
    for (const domain of this.#open) {
      if (this.#domains.length > 1) this.fit.confine(domain);
      if (this.fit.missing > 0 || this.#skips-- > 0) continue;
      const { policy } = this.#gang;
      const plan = this.#ctx.planner.plan({ needs: this.#needs, policy, siblings: [], room: this.#walk.room });
      if (plan.kind === 'placed')
        return this.#needs.flatMap(({ vector }, i) => [...plan.rows[i]!].map((row) => ({ row, vector })));
      // Each plan costs a look at all nodes, and there may be thousands of ends: twice as many are passed each time.
      this.#skips = 2 ** this.#failures++;
    }
    return undefined;
  }

  /** Where its members go when nothing more will end; undefined: they do not fit. */
  lastPlaces(): readonly FreedRoom[] | undefined {
    if (this.#failures === 0) return undefined;
    [this.#open, this.#skips] = [this.#domains, 0];
    return this.places();
  }
}
