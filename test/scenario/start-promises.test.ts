import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import { PASS_SHARE } from '../../src/core/backfill/start-plans.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const queue = queueWith({ blockAfterMs: 1, backfill: 'reserve', order: 'fifo', patience: { times: 0, mostMs: 0 } });

const gang = (name: string, count: number) => new GangBuilder(name, { worker: { count, cpu: 1 } });
const membersOf = (one: GangBuilder) =>
  Array.from({ length: one.spec.roles[0]!.count }, (_, i) => (i === 0 ? one.leader() : one.member('worker', i)));

type Told = Extract<Effect, { kind: 'start-foretold' | 'start-kept' | 'start-late' }>;

/** Ten places. In every round a run takes 8 of them that is foretold to take ten minutes, and another gang waits for it. */
class Rounds {
  readonly world = new World([node('n', { cpu: 10 })], { queue }, true, [], new ToldRunTimes());
  readonly #runTimes = this.world.scheduler.inside.runTimes as ToldRunTimes;
  #round = 0;

  /** @param minutes that the run takes @returns what was told of the one that waits, and how it turned out */
  play(minutes: number): readonly Told[] {
    const [runs, waits] = [gang(`runs-${++this.#round}`, 8), gang(`waits-${this.#round}`, 6)];
    for (const one of [runs, waits]) this.#runTimes.told.set(one.spec.name, exactly(10 * MINUTE));
    const from = this.world.effects.length;
    for (const pod of membersOf(runs)) this.world.start(pod);
    this.world.ask(waits.leader());
    for (let i = 0; i < 60; i++) this.world.wait(SECOND);
    this.world.wait((minutes - 1) * MINUTE);
    for (const pod of membersOf(runs)) this.world.gone(pod);
    for (const pod of membersOf(waits)) this.world.start(pod);
    this.world.wait(SECOND);
    for (const pod of membersOf(waits)) this.world.gone(pod);
    return this.world.effects.slice(from).filter((one): one is Told => /^start-/.test(one.kind));
  }

  get passShare(): number {
    return this.world.scheduler.inside.startPlans.passShare;
  }
}

const waitTold = ([told]: readonly Told[]) =>
  told?.kind === 'start-foretold' ? Math.round((told.latestMs - told.aboutMs) / MINUTE) : undefined;

test('a gang is told when it starts, with a minute and a tenth of the wait to spare; that is kept, or late', () => {
  const rounds = new Rounds();
  const kept = rounds.play(10);
  expect(kept.map(({ kind }) => kind)).toEqual(['start-foretold', 'start-kept']);
  expect(kept[0]).toMatchObject({ gang: 'jobs/waits-1', becauseOf: ['jobs/runs-1'] });
  expect(waitTold(kept)).toBe(2);
  const late = rounds.play(15);
  expect(late.at(-1)).toMatchObject({ kind: 'start-late', gang: 'jobs/waits-2', because: 'forecast' });
});

test('where more than a quarter comes late, muster leaves more to spare and lets fewer pass, until they are kept', () => {
  const rounds = new Rounds();
  for (let i = 0; i < 40; i++) rounds.play(i % 4 === 0 ? 15 : 10);
  expect([rounds.passShare, waitTold(rounds.play(15))]).toEqual([PASS_SHARE, 2]);
  for (let i = 0; i < 40; i++) rounds.play(15);
  expect(rounds.passShare).toBe(0.9);
  expect(waitTold(rounds.play(10))).toBe(6);
  for (let i = 0; i < 120; i++) rounds.play(10);
  expect([rounds.passShare, waitTold(rounds.play(10))]).toEqual([PASS_SHARE, 2]);
});
