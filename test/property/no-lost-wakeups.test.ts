import fc from 'fast-check';
import { expect, test } from 'vitest';
import { besideHeads } from '../../src/core/admission/beside-heads.ts';
import { blockerOf } from '../../src/core/gang/blocking.ts';
import { refusalOf } from '../../src/core/gang/gang.ts';
import { leaderNeeds, siblingRows } from '../../src/core/gang/needs.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { GangBuilder, resources } from '../support/builders.ts';
import {
  CROWD,
  CROWDED,
  gangSteps,
  liveSteps,
  otherSteps,
  Play,
  policy,
  setting,
  slowSteps,
  wildRunTimes,
  type Step,
} from '../support/play.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import type { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(300), seed: 20271 };

/** Gangs whose leaders have priority classes of their own. */
class Classed extends GangBuilder {
  override leader(uid?: string): PodInfo {
    return { ...super.leader(uid), evictionTraits: { priorityClass: `class-${this.spec.name}` } };
  }
}

/** With more roles the planner is greedy: what it does not find, it may find with less room. */
const driver = { count: 1, cpu: 1 };
const APPS = [
  new Classed('a', { driver, executor: { count: 5, cpu: 1 } }),
  new Classed('b', { driver, executor: { count: 6, min: 4, cpu: 2 } }),
  new Classed('c', { driver, executor: { count: 3, cpu: 3 } }, { queue: 'other' }),
  new Classed('d', { driver, executor: { count: 3, cpu: 2, nodeSelector: { zone: 'z0' } } }),
  // Its leader is one of several, and larger than the rest.
  new Classed('e', { driver: { count: 2, cpu: 2 }, executor: { count: 4, cpu: 1 } }, { queue: 'other' }),
];

/** What other schedulers and people do beside the steps of a play. */
type News =
  | {
      readonly kind: 'leader-by-others' | 'leader-resized';
      readonly app: number;
      readonly at: number;
      readonly cpu: number;
    }
  | {
      readonly kind: 'member-by-others';
      readonly app: number;
      readonly i: number;
      readonly at: number;
      readonly cpu: number;
    }
  | { readonly kind: 'dying'; readonly i: number }
  | { readonly kind: 'class'; readonly app: number; readonly value: number }
  | { readonly kind: 'hold'; readonly is: boolean };
const [app, i, at] = [fc.nat({ max: 4 }), fc.nat({ max: 6 }), fc.nat({ max: 4 })];
const cpu = fc.constantFrom(0.1, 1, 2);
const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({ kind: fc.constantFrom('leader-by-others', 'leader-resized'), app, at, cpu }),
  fc.record({ kind: fc.constant('member-by-others'), app, i, at, cpu }),
  fc.record({ kind: fc.constant('member-by-others'), app, i, at, cpu }),
  fc.record({ kind: fc.constant('dying'), i: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('class'), app, value: fc.constantFrom(0, 10, 20) }),
  fc.record({ kind: fc.constant('hold'), is: fc.constantFrom(false, false, false, true) }),
);
const event = fc.oneof<[fc.Arbitrary<Step>, ...fc.Arbitrary<Step | News>[]]>(
  gangSteps[0]!,
  ...gangSteps,
  ...slowSteps,
  ...otherSteps,
  ...otherSteps,
  liveSteps[0]!,
  news,
  news,
);
const story = fc.array(event, { minLength: 10, maxLength: 60, size: 'max' });

const NEWS = ['leader-by-others', 'leader-resized', 'member-by-others', 'dying', 'class', 'hold'];
const isNews = (one: Step | News): one is News => NEWS.includes(one.kind);

function hear(world: World, one: News): void {
  switch (one.kind) {
    case 'leader-by-others': {
      const leader = { ...APPS[one.app]!.leader(), request: resources({ cpu: one.cpu }, 1) };
      if (world.nodes.has(`n${one.at}`) && !world.scheduler.inside.cluster.boundPod(leader.uid))
        world.bind(leader, `n${one.at}`);
      return;
    }
    case 'leader-resized': {
      const leader = { ...APPS[one.app]!.leader(), request: resources({ cpu: one.cpu }, 1) };
      if (!world.scheduler.inside.cluster.boundPod(leader.uid)) world.ask(leader);
      return;
    }
    case 'member-by-others': {
      const member = { ...APPS[one.app]!.member('executor', one.i), request: resources({ cpu: one.cpu }, 1) };
      if (world.nodes.has(`n${one.at}`) && !world.scheduler.inside.cluster.boundPod(member.uid))
        world.bind(member, `n${one.at}`);
      return;
    }
    case 'dying': {
      const bound = [...world.scheduler.inside.cluster.boundPods.values()][one.i];
      if (bound) world.learn({ kind: 'pod', pod: { ...bound.pod, node: bound.node, deleting: true } });
      return;
    }
    case 'class':
      return world.learn({
        kind: 'priority-class',
        priorityClass: { name: `class-${'abcde'[one.app]!}`, value: one.value },
      });
    case 'hold':
      return world.scheduler.hold(one.is ? 'held' : undefined);
  }
}

/** A round of admission, and then again for each gang that waits: is there still a reason? */
function lostWakeUps(world: World): string[] {
  const { scheduler } = world;
  // A gang that was looked at before another one of the round started has its turn in the next.
  for (let admitted = true; admitted;) {
    // Start times are made anew four times a second.
    world.wait(250);
    const effects = scheduler.admitWaiting(world.nowMs);
    world.effects.push(...effects);
    scheduler.checkInvariants();
    admitted = effects.some(({ kind }) => kind === 'gang-admitted');
  }
  const { nowMs } = world;
  const { cluster, queues, inFlight, hold } = scheduler.inside;
  if (hold !== undefined || inFlight.total) return [];
  const planner = new Planner(cluster);
  return queues.inAdmissionOrder().flatMap((gang) => {
    const refusal = refusalOf(gang);
    switch (gang.state.kind === 'waiting' ? refusal?.kind : undefined) {
      case 'room':
      case 'unschedulable': {
        const plan = planner.plan({
          needs: leaderNeeds(cluster, gang),
          policy: gang.policy,
          siblings: siblingRows(cluster, gang),
        });
        return plan.kind === 'placed' ? [`${gang.key} fits, but: ${JSON.stringify(refusal)}`] : [];
      }
      case 'turn':
        return blockerOf(queues, gang, nowMs) ? [] : [`nobody is ahead of ${gang.key}: ${JSON.stringify(refusal)}`];
      case 'later': {
        const request = {
          needs: leaderNeeds(cluster, gang),
          policy: gang.policy,
          siblings: siblingRows(cluster, gang),
        };
        const plan = planner.plan(request);
        const passage =
          plan.kind === 'placed' && besideHeads(scheduler.inside, gang, { request, rows: plan.rows }, nowMs);
        return passage && passage.kind === 'free' ? [`${gang.key} delays nobody: ${JSON.stringify(refusal)}`] : [];
      }
      case 'held':
        return [`nothing holds ${gang.key}: ${JSON.stringify(refusal)}`];
      default:
        return [];
    }
  });
}

const reserving = setting.map((chosen) => ({ ...chosen, blockAfterMs: 1, backfill: 'reserve' }) as const);

test.each([
  ['in any setting', setting, APPS, [], 0],
  ['behind start times', reserving, CROWD, CROWDED, 50],
])(
  'whatever happens %s: no waiting gang fits after a round of admission, unless it is not its turn',
  (_where, settings, apps, first, least) => {
    let [waited, behind] = [0, 0];
    fc.assert(
      fc.property(settings, story, (chosen, list) => {
        const { preemption } = DEFAULT_POLICY;
        const chosenPolicy: Partial<Policy> = { ...policy(chosen), preemption: { ...preemption, mode: 'enforce' } };
        const play = new Play(chosenPolicy, { apps, runTimes: wildRunTimes(chosen) });
        for (const one of [...first, ...list]) {
          if (isNews(one)) hear(play.world, one);
          else play.step(one);
          expect(lostWakeUps(play.world)).toEqual([]);
          const waiting = play.world.scheduler.inside.queues.inAdmissionOrder();
          waited += waiting.length;
          behind += waiting.filter((gang) => refusalOf(gang)?.kind === 'later').length;
        }
      }),
      RUNS,
    );
    expect(waited).toBeGreaterThan(timesMet(500));
    expect(behind).toBeGreaterThanOrEqual(timesMet(least));
  },
);
