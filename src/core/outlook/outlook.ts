import { hasBit } from '../cluster/eligibility.ts';
import type { GangContextView } from '../gang/context.ts';
import type { StartTime } from '../effects.ts';
import type { Gang } from '../gang/gang.ts';
import { Work, type Slices } from '../work.ts';
import { DRAWS, shareIn } from './draws.ts';
import { Forward, type Foretold } from './forward.ts';
import { isAble, sceneOf, type Scene } from './scene.ts';

/** When a gang would start if the forecasts hold. */
export interface Outlook extends StartTime {
  /** The times are the earliest ones: there is more ahead than is looked at. */
  readonly isAtLeast: boolean;
  /**
   * Gangs of whose run times nothing is known. Where a time is Infinity: those that hold room it could use, and that
   * count as never ending, the ones with the most room first, at most three. Else those of `becauseOf` whose end is
   * supposed.
   */
  readonly unknown: readonly string[];
}

/** What the gang waits behind, at this moment; undefined: it does not wait for room. */
export type Place = () => { readonly gang: Gang; readonly ahead: readonly Gang[] } | undefined;

/** How often the look begins again because nodes came or went. */
const MOST_AGAIN = 10;

/**
 * When the gang starts if the forecasts hold: the least, the middle and the latest of DRAWS futures. Changes nothing.
 * Others may be served between the slices: each future begins with the cluster as it is then.
 * @returns undefined: it does not wait for room, or no longer, or nodes come and go all the time
 */
export function* outlookOf(ctx: GangContextView, place: Place, nowMs: number): Slices<Outlook | undefined> {
  const { shapeLog } = ctx.cluster.table;
  const sight = new Sight(ctx, place, nowMs);
  const work = new Work();
  const told: Foretold[] = [];
  for (let tries = 0; tries <= DRAWS + MOST_AGAIN; tries++) {
    const scene = sight.now();
    if (!scene || told.length === DRAWS) return scene && summed(told, scene);
    const shape = shapeLog.position;
    const draw = told.length;
    const future = new Forward(scene, {
      plan: (request) => ctx.planner.plan(request),
      lasts: ({ key, forecast }, ranMs) => forecast.endsWithin(shareIn(draw, key), ranMs),
    });
    const one = yield* whileSame(future.run(work), () => shapeLog.position === shape);
    if (one) told.push(one);
  }
  return undefined;
}

/** @returns undefined: it was broken off, because something is no longer the same */
function* whileSame<T>(slices: Slices<T>, isSame: () => boolean): Slices<T | undefined> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    yield undefined;
    if (!isSame()) return undefined;
  }
}

/** The scene, made again only where something has changed. */
class Sight {
  readonly #ctx: GangContextView;
  readonly #place: Place;
  readonly #nowMs: number;
  #known: { readonly scene: Scene | undefined; readonly position: string } | undefined;

  constructor(ctx: GangContextView, place: Place, nowMs: number) {
    [this.#ctx, this.#place, this.#nowMs] = [ctx, place, nowMs];
  }

  now(): Scene | undefined {
    const { cluster, gangs } = this.#ctx;
    const position = `${cluster.table.rowLog.position} ${gangs.size}`;
    if (this.#known?.position !== position) this.#known = { scene: this.#look(), position };
    return this.#known.scene;
  }

  #look(): Scene | undefined {
    const { gang, ahead } = this.#place() ?? {};
    return gang && ahead && isAble(gang) ? sceneOf(this.#ctx, gang, ahead, this.#nowMs) : undefined;
  }
}

function summed(told: readonly Foretold[], scene: Scene): Outlook {
  const inOrder = [...told].sort((a, b) => a.atMs - b.atMs);
  const middle = inOrder[inOrder.length >>> 1]!;
  const [first, last] = [inOrder[0]!, inOrder.at(-1)!];
  return {
    earliestMs: first.atMs,
    aboutMs: middle.atMs,
    latestMs: last.atMs,
    becauseOf: middle.becauseOf,
    isAtLeast: scene.isCut || told.some(({ isAtLeast }) => isAtLeast),
    unknown: last.atMs === Infinity ? neverEnding(scene) : middle.becauseOf.filter(isSupposed(scene)),
  };
}

const MOST_NAMED = 3;

/** The runs without a known end that hold room on a row that the gang may use. */
function neverEnding({ running, line, nowMs }: Scene): string[] {
  const { needs } = line.at(-1)!.request;
  const isUseful = (row: number) => needs.some(({ eligible }) => hasBit(eligible, row));
  return running
    .filter(({ forecast, sinceMs }) => forecast.endsWithin(0.5, nowMs - sinceMs) === Infinity)
    .filter(({ parts }) => parts.some(({ row }) => isUseful(row)))
    .sort((a, b) => b.parts.length - a.parts.length || (a.gang < b.gang ? -1 : 1))
    .slice(0, MOST_NAMED)
    .map(({ gang }) => gang);
}

function isSupposed({ running, line }: Scene): (gang: string) => boolean {
  const supposed = new Set([
    ...running.filter(({ forecast }) => !forecast.isKnown).map(({ gang }) => gang),
    ...line.filter(({ forecast }) => !forecast.isKnown).map(({ gang }) => gang.key),
  ]);
  return (gang) => supposed.has(gang);
}
