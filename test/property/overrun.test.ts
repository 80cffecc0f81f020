import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { RunTimes } from '../../src/core/history/run-times.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;
const GAP = 10;

/** What each kind is foretold to take, in minutes. How long they take, the steps say. */
const KINDS = {
  small: { minutes: 5, cpu: 1, least: 2, most: 4 },
  big: { minutes: 30, cpu: 2, least: 4, most: 5 },
  long: { minutes: 400, cpu: 2, least: 2, most: 4 },
};
type Kind = keyof typeof KINDS;
const kindOf = (name: string) => KINDS[name.split('-')[0] as Kind];

type Step =
  | {
      readonly kind: 'submit';
      readonly name: string;
      readonly count: number;
      readonly priority: number;
      readonly queue: string;
    }
  | { readonly kind: 'end'; readonly of: Kind }
  | { readonly kind: 'pass'; readonly minutes: number };

/** One of three of its kind. */
const nameOf = (kind: Kind) => fc.nat({ max: 2 }).map((i) => `${kind}-${i}`);
const submit = (kind: Kind) =>
  fc.record({
    kind: fc.constant('submit' as const),
    name: nameOf(kind),
    count: fc.integer({ min: KINDS[kind].least, max: KINDS[kind].most }),
    priority: fc.constantFrom(0, 0, 0, 0, 5, 20),
    queue: fc.constantFrom('a', 'a', 'a', 'b'),
  });
/** All of a kind end. */
const end = (...kinds: readonly Kind[]) =>
  fc.record({ kind: fc.constant('end' as const), of: fc.constantFrom(...kinds) });
const pass = fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 0, max: 8 }) });

/** Small ones come while a big one waits for a long one, which may end early. */
const round = fc.tuple(submit('long'), submit('big'), submit('small'), submit('small'), pass, end('long'), pass);
const clearing = fc.tuple(end('big'), end('big', 'small', 'long'), pass);
const steps = fc
  .array(fc.oneof<fc.Arbitrary<readonly Step[]>[]>(round, round, clearing), { minLength: 6, maxLength: 12 })
  .map((rounds) => rounds.flat());
/** A gang that was submitted. */
interface Job {
  readonly builder: GangBuilder;
  readonly pods: readonly PodInfo[];
  readonly submittedMs: number;
  /** When it got its places; undefined: it waits. */
  startedMs: number | undefined;
}

type Planned = Extract<Effect, { kind: 'eviction-planned' }>;

const runTimes: RunTimes = {
  forecast: ({ name: of }) => ({
    endsWithin: (_share, ranMs) => Math.max(kindOf(of).minutes * MINUTE, ranMs),
    isKnown: true,
    runs: 10,
    basis: 'a test',
    error: 0,
  }),
  learn: () => undefined,
};

class Play {
  readonly world = new World(
    [node('n', { cpu: 10 })],
    {
      queue: queueWith({ blockAfterMs: 1, backfill: 'reserve', patience: { times: 0, mostMs: 0 }, overrun: 'return' }),
      preemption: {
        ...DEFAULT_POLICY.preemption,
        mode: 'enforce',
        wholeGangs: true,
        minRuntimeMs: 0,
        priorityGap: GAP,
      },
    },
    true,
    [],
    runTimes,
  );
  readonly jobs = new Map<string, Job>();
  /** When gangs gave back borrowed room, in ms, by key. */
  readonly returnedMs = new Map<string, number>();
  returned = 0;

  step(step: Step): void {
    if (step.kind === 'submit') this.#submit(step);
    else if (step.kind === 'end') this.#endAll(step.of);
    else this.world.wait(step.minutes * MINUTE);
    this.#askAll();
    this.#makeRoom();
    this.#askAll();
  }

  #submit({ name: of, count, priority, queue }: Extract<Step, { kind: 'submit' }>): void {
    const key = `jobs/${of}`;
    if (this.jobs.has(key)) return;
    const builder = new GangBuilder(of, { worker: { count, cpu: kindOf(of).cpu } }, { priority, queue });
    const pods = Array.from({ length: count }, (_, i) => builder.leader(`${of}-${i}`));
    this.jobs.set(key, { builder, pods, submittedMs: this.world.nowMs, startedMs: undefined });
  }

  #endAll(kind: Kind): void {
    for (const key of [...this.jobs.keys()]) if (key.startsWith(`jobs/${kind}-`)) this.#end(key);
  }

  #end(key: string): void {
    for (const pod of this.jobs.get(key)?.pods ?? []) this.world.gone(pod);
    this.jobs.delete(key);
  }

  #askAll(): void {
    // Plans are made anew at most a few times a second.
    this.world.wait(1000);
    for (const job of this.jobs.values()) {
      if (job.startedMs !== undefined) continue;
      for (const pod of job.pods) {
        const answer = this.world.ask(pod);
        if (!answer.startsWith('-> ')) break;
        job.startedMs ??= this.world.nowMs;
        this.world.bind({ ...pod, evictionTraits: { startedMs: this.world.nowMs } }, answer.slice(3));
      }
    }
  }

  #makeRoom(): void {
    const before = this.world.effects.length;
    this.world.makeRoom();
    const plans = this.world.effects.slice(before).filter((one): one is Planned => one.kind === 'eviction-planned');
    for (const { gang, victims } of plans) {
      for (const key of new Set(victims.map((one) => one.gang!))) this.#check(key, gang);
      // Gangs of one role go whole.
      for (const key of new Set(victims.map((one) => one.gang!))) this.#end(key);
    }
  }

  /** Whether the victim had to go: by its priority, or because its time was up. */
  #check(key: string, forGang: string): void {
    const [victim, head] = [this.jobs.get(key)!, this.jobs.get(forGang)!];
    const { nowMs } = this.world;
    if (victim.builder.priority + GAP <= head.builder.priority) return;
    expect(victim.builder.priority).toBeLessThanOrEqual(head.builder.priority);
    expect(victim.builder.spec.queue).toBe(head.builder.spec.queue);
    expect(head.submittedMs).toBeLessThan(victim.startedMs!);
    expect(nowMs).toBeGreaterThan(victim.startedMs! + kindOf(victim.builder.spec.name).minutes * MINUTE);
    // If it had to go before, that was more than a day before it was let in again.
    expect(victim.startedMs! - (this.returnedMs.get(key) ?? -Infinity)).toBeGreaterThan(24 * 60 * MINUTE);
    this.returnedMs.set(key, nowMs);
    this.returned++;
  }
}

test('only who is overdue goes for a gang that is not more important, and once in a day', () => {
  let returned = 0;
  fc.assert(
    fc.property(steps, (list) => {
      const play = new Play();
      for (const step of list) play.step(step);
      returned += play.returned;
    }),
    { numRuns: propertyRuns(200), seed: 20261 },
  );
  expect(returned).toBeGreaterThan(timesMet(40));
});
