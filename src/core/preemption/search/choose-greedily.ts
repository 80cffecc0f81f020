import { RowHeap } from '../../placement/row-heap.ts';
import type { Choice } from './victim-set.ts';
import type { Unit } from '../candidates/candidate.ts';
import type { Pool } from '../candidates/candidate-pool.ts';

/** Units of one row that together win at least one place, and what that costs. */
interface Step {
  readonly units: readonly Unit[];
  /** Core-seconds for each place won. */
  readonly price: number;
  /** The choice that it was worked out for. */
  readonly version: number;
}

/**
 * Takes units until the demand is met or nothing helps: tier by tier from the lowest, in each the cheapest place first.
 * Each row's next step is worked out only when its lower bound comes to the top, and again when the choice has changed.
 */
export function takeCheapest(choice: Choice, pool: Pool): void {
  const mayGoOn = () => !choice.isEnough && !choice.isTired && (pool.hasReservations || choice.mayTakePods());
  const greedy = new Greedy(choice);
  for (const tier of pool.tiers) {
    if (!mayGoOn()) return;
    greedy.add(pool.ofTier(tier));
    greedy.takeUpTo(tier, mayGoOn);
  }
}

class Greedy {
  readonly #choice: Choice;
  readonly #byRow = new Map<number, Unit[]>();
  readonly #heap = new RowHeap();
  /** By row, the key that counts: entries with another are out of date. */
  readonly #keys = new Map<number, number>();
  readonly #steps = new Map<number, Step>();
  #version = 0;

  constructor(choice: Choice) {
    this.#choice = choice;
  }

  /** Units that tiers so far had no part in. */
  add(units: readonly Unit[]): void {
    for (const unit of units) {
      for (const { row } of unit.spots) {
        const there = this.#byRow.get(row);
        if (!there) this.#byRow.set(row, [unit]);
        else if (there.at(-1) !== unit) there.push(unit);
      }
    }
  }

  takeUpTo(tier: number, mayGoOn: () => boolean): void {
    this.#heap.clear();
    this.#keys.clear();
    for (const row of this.#byRow.keys()) this.#open(row, tier, (key) => this.#heap.append(row, key));
    this.#heap.heapify();
    while (this.#heap.size > 0 && mayGoOn()) this.#advance(tier);
  }

  /** Deals with the top of the heap: drops it, works out its step, or takes that. */
  #advance(tier: number): void {
    const { topRow: row, topKey: key } = this.#heap;
    if (this.#keys.get(row) !== key) {
      this.#heap.pop();
      return;
    }
    const known = this.#steps.get(row);
    if (known?.version === this.#version) {
      this.#heap.pop();
      this.#take(known, tier);
      this.#open(row, tier, (next) => this.#heap.push(row, next));
      return;
    }
    const step = this.#stepAt(row, tier);
    if (!step) {
      this.#heap.pop();
      this.#keys.delete(row);
      return;
    }
    this.#steps.set(row, step);
    this.#keys.set(row, -step.price);
    this.#heap.rekeyTop(-step.price);
  }

  #take({ units }: Step, tier: number): void {
    const broken = units.map(({ gang }) => gang?.isBroken);
    for (const unit of units) this.#choice.take(unit);
    this.#version++;
    // Once a gang is broken its other members are cheaper: their rows are looked at anew.
    units.forEach(({ gang }, i) => {
      if (!gang?.isBroken || broken[i]) return;
      const rows = new Set(gang.units.map(({ spots }) => spots[0]!.row));
      for (const row of rows) this.#open(row, tier, (key) => this.#heap.push(row, key));
    });
  }

  /** Puts the row in with its lower bound: what its cheapest unit costs. */
  #open(row: number, tier: number, put: (key: number) => void): void {
    let least = Infinity;
    const units = this.#byRow.get(row) ?? [];
    this.#choice.look(units.length);
    for (const unit of units) {
      if (!this.#isOpen(unit, tier)) continue;
      least = Math.min(least, this.#choice.costOf(unit));
    }
    if (least === Infinity) return;
    this.#keys.set(row, -least);
    put(-least);
  }

  #isOpen(unit: Unit, tier: number): boolean {
    return (unit.band * 2 < tier || this.#choice.tierOf(unit) <= tier) && !this.#choice.taken.has(unit);
  }

  #stepAt(row: number, tier: number): Step | undefined {
    const choice = this.#choice;
    const open = (this.#byRow.get(row) ?? []).filter((unit) => this.#isOpen(unit, tier));
    choice.look(open.length);
    const ranked = open.map((unit) => ({ unit, tier: choice.tierOf(unit), cost: choice.costOf(unit) }));
    ranked.sort((a, b) => a.tier - b.tier || a.cost - b.cost);
    const inOrder = ranked.map(({ unit }) => unit);
    const together = this.#priceOf(inOrder);
    if (!together || together.units.length === 1) return together;
    const vain: Unit[] = [];
    let best = together;
    for (const { unit, cost } of ranked) {
      // Where as much room won no place, no more wins any.
      if (cost >= together.price || vain.some((other) => isCovered(unit, other))) continue;
      const alone = this.#priceOf([unit]);
      if (!alone) vain.push(unit);
      else if (alone.price < best.price) best = alone;
    }
    return best;
  }

  /** As many of the units, in their order, as win a place; without those that the others make superfluous. */
  #priceOf(units: readonly Unit[]): Step | undefined {
    const choice = this.#choice;
    const before = choice.demand.missing;
    const tried: { readonly taken: readonly Unit[]; readonly cost: number }[] = [];
    for (const unit of units) {
      if (!choice.mayTake(unit)) continue;
      const cost = choice.costOf(unit);
      tried.push({ taken: choice.take(unit), cost });
      if (choice.demand.missing < before) break;
    }
    const after = choice.demand.missing;
    const kept = after < before ? tried.filter((one) => !this.#isSuperfluous(one.taken, before)) : [];
    for (const { taken } of after < before ? kept : tried) choice.putBack(taken);
    if (kept.length === 0) return undefined;
    const cost = kept.reduce((sum, one) => sum + one.cost, 0);
    return { units: kept.map(({ taken }) => taken[0]!), price: cost / (before - after), version: this.#version };
  }

  /** Puts the units back for good where a place is won without them. */
  #isSuperfluous(taken: readonly Unit[], before: number): boolean {
    this.#choice.putBack(taken);
    if (this.#choice.demand.missing < before) return true;
    for (const unit of taken) this.#choice.take(unit);
    return false;
  }
}

/** Whether the pod leaves no more room than the other one, of the same row. */
function isCovered({ kind, spots }: Unit, other: Unit): boolean {
  if (kind !== 'pod' || other.kind !== 'pod') return false;
  const [less, room] = [spots[0]!.vector, other.spots[0]!.vector];
  for (let c = 0; c < less.length; c++) if (less[c]! > (room[c] ?? 0)) return false;
  return true;
}
