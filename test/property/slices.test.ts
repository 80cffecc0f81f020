import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { Explanation } from '../../src/core/explanation/explanation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { Work, type Slices } from '../../src/core/work.ts';
import { GangBuilder, node, spark } from '../support/builders.ts';
import { gangSteps, liveSteps, otherSteps, Play, policy, setting, wildRunTimes, type Step } from '../support/play.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';

const RUNS = { numRuns: propertyRuns(40), seed: 20270 };

/** As many slices as a search may need in so small a cluster: more of them are a search without end. */
const MOST_SLICES = 20_000;

/** Of several priorities, and more than the cluster holds: gangs wait, and searches find victims. */
const APPS = [
  spark('a', 7),
  spark('b', 7, { min: 4, priority: 10 }),
  spark('c', 3, { cpu: 3, priority: 200, queue: 'other' }),
  new GangBuilder(
    'd',
    { driver: { count: 1, cpu: 1 }, executor: { count: 3, cpu: 2 }, helper: { count: 2, cpu: 1 } },
    { priority: 100 },
  ),
  spark('e', 7, { cpu: 2, priority: 300 }),
];

/** Apps `a` and `b` run whole before anything else happens: the others can evict them. */
const STARTED: readonly Step[] = [0, 1]
  .flatMap((app) => [
    { kind: 'leader', app } as const,
    ...Array.from({ length: 7 }, (_, i) => ({ kind: 'member', app, i }) as const),
  ])
  .concat([2, 3, 4].map((app) => ({ kind: 'leader', app }) as const));

/** What else may happen to a scheduler between two slices. */
type News =
  | { readonly kind: 'gpu-node' | 'dying'; readonly at: number }
  | { readonly kind: 'follow' | 'hold'; readonly is: boolean }
  | { readonly kind: 'policies'; readonly perMinute: number };
const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({ kind: fc.constantFrom('gpu-node', 'dying'), at: fc.nat({ max: 6 }) }),
  fc.record({ kind: fc.constantFrom('follow', 'hold'), is: fc.constantFrom(false, false, true) }),
  fc.record({ kind: fc.constant('policies'), perMinute: fc.constantFrom(1, 100) }),
);
const event = fc.oneof<[fc.Arbitrary<Step>, ...fc.Arbitrary<Step | News>[]]>(
  gangSteps[0]!,
  ...gangSteps,
  ...otherSteps,
  ...otherSteps,
  ...liveSteps,
  news,
);
/** Events, with the number of slices that run after each of them. */
const story = fc.array(fc.tuple(event, fc.nat({ max: 40 })), { minLength: 10, maxLength: 50, size: 'max' });

function searching(chosen: Parameters<typeof policy>[0], perMinute = 100): Policy {
  const { preemption } = DEFAULT_POLICY;
  const { budget } = preemption;
  const rules = {
    wholeGangs: true,
    minRuntimeMs: 0,
    afterMs: 0,
    cascadeMs: 0,
    victims: 'any',
    budget: { ...budget, perMinute },
  } as const;
  return { ...DEFAULT_POLICY, ...policy(chosen), preemption: { ...preemption, mode: 'enforce', ...rules } };
}

function hear({ world }: Play, one: News, chosen: Parameters<typeof policy>[0]): void {
  const { scheduler, nowMs } = world;
  switch (one.kind) {
    case 'gpu-node':
      // A resource that no node had: all vectors get longer.
      return world.learn({
        kind: 'node',
        node: {
          ...node(`n${one.at}`, { cpu: 3 }),
          allocatable: new Map([
            ['cpu', 3000],
            ['pods', 110],
            ['memory', 2 ** 40],
            [`gpu-${one.at}`, 4],
          ]),
        },
      });
    case 'dying': {
      const bound = [...scheduler.inside.cluster.boundPods.values()][one.at];
      if (bound) world.learn({ kind: 'pod', pod: { ...bound.pod, node: bound.node, deleting: true } });
      return;
    }
    case 'follow':
      world.effects.push(...scheduler.followOthers(one.is, nowMs));
      return scheduler.checkInvariants();
    case 'hold':
      return scheduler.hold(one.is ? 'held' : undefined);
    case 'policies':
      scheduler.setPolicies([searching(chosen, one.perMinute)], nowMs);
      return scheduler.checkInvariants();
  }
}

const isNews = (one: Step | News): one is News =>
  ['gpu-node', 'dying', 'follow', 'hold', 'policies'].includes(one.kind);

/** Runs searches and explanations a slice at a time. */
class Slicing {
  readonly #play: Play;
  #world: Play['world'];
  #explaining: Slices<Explanation | undefined> | undefined;
  #asked = 0;
  #inRound = 0;
  plans = 0;

  constructor(play: Play) {
    this.#play = play;
    this.#world = play.world;
  }

  slice(): void {
    const { world } = this.#play;
    // A new muster knows nothing of the searches of the one before.
    if (world !== this.#world) [this.#world, this.#explaining, this.#inRound] = [world, undefined, 0];
    const { scheduler, nowMs } = world;
    const { isDone, effects } = scheduler.makeRoomSlice(nowMs);
    this.#check(effects);
    world.effects.push(...effects);
    scheduler.checkInvariants();
    this.#inRound = isDone ? 0 : this.#inRound + 1;
    expect(this.#inRound).toBeLessThan(MOST_SLICES);
    this.#explain();
  }

  finish(): void {
    do this.slice();
    while (this.#inRound > 0);
  }

  #explain(): void {
    const { scheduler, nowMs } = this.#world;
    const gangs = scheduler.gangs();
    this.#explaining ??= scheduler.explainInSlices(gangs[this.#asked++ % gangs.length]?.gang ?? '', nowMs);
    if (this.#explaining.next().done) this.#explaining = undefined;
  }

  #check(effects: readonly Effect[]): void {
    const { cluster, gangs } = this.#world.scheduler.inside;
    for (const effect of effects) {
      if (effect.kind !== 'eviction-planned') continue;
      this.plans++;
      const gang = gangs.get(effect.gang)!;
      const victims = new Set(effect.victims.map(({ pod: { uid } }) => uid));
      for (const {
        pod: { uid },
        node: at,
        isLeader,
      } of effect.victims) {
        const bound = cluster.boundPod(uid)!;
        const of = gangs.get(bound.pod.membership?.gang ?? '');
        expect([uid, bound.node, bound.isLeaving]).toEqual([uid, at, true]);
        expect(of?.priority ?? bound.pod.priority).toBeLessThan(gang.priority);
        if (!isLeader) continue;
        // A gang goes whole; of pods whose node is gone nothing can be told.
        const members = [...cluster.boundMembers(bound.pod.membership!.gang).values()];
        const staying = members.filter(({ pod: one, row, isLeaving }) => row >= 0 && !one.deleting && !isLeaving);
        expect(staying.map(({ pod: one }) => one.uid).filter((one) => !victims.has(one))).toEqual([]);
      }
    }
  }
}

beforeEach(() => void vi.spyOn(Work.prototype, 'isPauseDue').mockReturnValue(true));
afterEach(() => vi.restoreAllMocks());

test('whatever happens between the slices of a search: the books stay right, and it ends', () => {
  let plans = 0;
  fc.assert(
    fc.property(setting, story, (chosen, list) => {
      const play = new Play(searching(chosen), { apps: APPS, runTimes: wildRunTimes(chosen) });
      for (const step of STARTED) play.step(step);
      const slicing = new Slicing(play);
      for (const [one, slices] of list) {
        if (isNews(one)) hear(play, one, chosen);
        else play.step(one);
        for (let i = 0; i < slices; i++) slicing.slice();
      }
      slicing.finish();
      plans += slicing.plans;
    }),
    RUNS,
  );
  expect(plans).toBeGreaterThan(timesMet(15));
});
