import { planOf, type Gang } from '../gang/gang.ts';
import { DRAWS, shareIn } from '../outlook/draws.ts';
import { Forward } from '../outlook/forward.ts';
import { isAble, sceneInSlices, type Scene } from '../outlook/scene.ts';
import { Work, type Slices } from '../work.ts';
import type { BoardContext } from './context.ts';

/** When a gang starts if the forecasts hold, in ms; `latestMs` holds nine times of ten. Infinity: nobody knows. */
export interface RowStart {
  readonly aboutMs: number;
  readonly latestMs: number;
}

/**
 * When the first gangs that wait start, in slices: each of DRAWS futures is gone through once for all of them. Unlike an
 * explanation, each is seen with those behind it, which may pass it where that delays nobody. Changes nothing.
 * @param most so many gangs are looked at
 * @returns undefined: nodes came, went or changed meanwhile, or they have a new resource
 */
export function* startTimes(
  ctx: BoardContext,
  nowMs: number,
  most: number,
): Slices<ReadonlyMap<string, RowStart> | undefined> {
  const { shapeLog } = ctx.cluster.table;
  const { columns } = ctx.cluster;
  const [shape, width] = [shapeLog.position, columns.size];
  const isSame = () => shapeLog.position === shape && columns.size === width;
  const work = new Work();
  const { line, freeing } = firstsOf(ctx, most);
  const scene = yield* sceneInSlices(ctx, line, nowMs, work);
  const told = new Map<string, number[]>(line.map(({ key }) => [key, []]));
  for (let draw = 0; draw < DRAWS && line.length > 0; draw++) {
    yield undefined;
    if (!isSame()) return undefined;
    const started = yield* whileSame(futureOf(ctx, scene, draw).runAll(work), isSame);
    if (!started) return undefined;
    for (const [key, times] of told) times.push(started.get(key) ?? Infinity);
  }
  const starts = new Map<string, RowStart>();
  for (const [key, latestMs] of freeing) starts.set(key, { aboutMs: nowMs, latestMs });
  for (const [key, times] of told) {
    times.sort((a, b) => a - b);
    starts.set(key, { aboutMs: times[times.length >>> 1]!, latestMs: times.at(-1)! });
  }
  return starts;
}

/**
 * The first gangs in the order of admission that lack room alone, and those whose room is being freed, with when that is
 * over, in ms: a gang may have started before the last slice.
 */
function firstsOf(
  ctx: BoardContext,
  most: number,
): { readonly line: readonly Gang[]; readonly freeing: ReadonlyMap<string, number> } {
  const line: Gang[] = [];
  const freeing = new Map<string, number>();
  for (const gang of ctx.queues.eachInAdmissionOrder()) {
    if (line.length + freeing.size >= most) break;
    const plan = planOf(gang);
    if (plan) freeing.set(gang.key, plan.untilMs);
    else if (isAble(gang)) line.push(gang);
  }
  return { line, freeing };
}

const futureOf = (ctx: BoardContext, scene: Scene, draw: number): Forward =>
  new Forward(
    scene,
    {
      plan: (request) => ctx.planner.plan(request),
      lasts: ({ key, forecast }, ranMs) => forecast.endsWithin(shareIn(draw, key), ranMs),
    },
    true,
  );

function* whileSame<T>(slices: Slices<T>, isSame: () => boolean): Slices<T | undefined> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    yield undefined;
    if (!isSame()) return undefined;
  }
}
