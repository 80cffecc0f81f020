import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { ClusterEvent, NodeInfo, PodInfo, WrittenPlan } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { boundTo, node, pod, spark } from '../support/builders.ts';
import { fingerprintOf } from '../support/fingerprint.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { OpenScheduler } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(25), seed: 20272 };
const NODES = Array.from({ length: 8 }, (_, n) => node(`n${n}`, { cpu: 400, pods: 1000 }));
/** With their pods some slices of work. */
const FILLERS = 1500;
const APPS = 40;

type News =
  | { readonly kind: 'leader-gone' | 'member-gone' | 'leader-comes' | 'member-comes' | 'dying'; readonly app: number }
  | { readonly kind: 'node-gone' | 'node'; readonly at: number };
const one: fc.Arbitrary<News> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('leader-gone', 'member-gone', 'leader-comes', 'member-comes', 'dying'),
    app: fc.nat({ max: APPS + 5 }),
  }),
  fc.record({ kind: fc.constantFrom('node-gone', 'node'), at: fc.nat({ max: 9 }) }),
);
/** What comes in each pause. */
const news = fc.array(fc.array(one, { maxLength: 6 }), { minLength: 3, maxLength: 12 });

const appOf = (n: number) => spark(`app${n}`, 3, { priority: n % 7 });
const at = (n: number) => `n${n % NODES.length}`;
const reserved = (one: PodInfo, n: number): PodInfo => {
  const slots = new Map([
    ['driver', new Map([[at(n), 1]])],
    [
      'executor',
      new Map([
        [at(n), 2],
        [at(n + 1), 1],
      ]),
    ],
  ]);
  return { ...one, reservation: { text: `r${n}`, slots } };
};

/** Each plan is judged in a slice of its own. */
const planOf = (n: number): WrittenPlan => ({
  text: `p${n}`,
  id: String(n),
  untilMs: 60_000,
  slots: new Map(),
  victims: [{ namespace: 'jobs', name: `filler-${n}-0`, uid: `filler-${n}-0` }],
});

/** Apps that run with a written reservation, with all members, or with none; and others that wait behind the gate with a plan. */
function podsOf(n: number): PodInfo[] {
  const app = appOf(n);
  if (n % 4 === 0) return [{ ...app.leader(), gated: true, eviction: planOf(n) }];
  const leader = boundTo(n % 4 === 1 ? reserved(app.leader(), n) : app.leader(), at(n));
  return [leader, ...Array.from({ length: n % 4 }, (_, i) => boundTo(app.member('executor', i), at(n + i)))];
}

function listed(): OpenScheduler {
  const scheduler = new OpenScheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  const tell = (event: ClusterEvent) => scheduler.observe(event, 1000);
  for (const info of NODES) tell({ kind: 'node', node: info });
  for (let n = 0; n < APPS; n++) {
    for (const info of podsOf(n)) tell({ kind: 'pod', pod: info });
    for (let i = 0; i < FILLERS / APPS; i++) tell({ kind: 'pod', pod: boundTo(pod(`filler-${n}-${i}`), at(i)) });
  }
  return scheduler;
}

function eventOf({ ...what }: News): ClusterEvent {
  if ('at' in what) {
    const info: NodeInfo = NODES[what.at] ?? node(`new${what.at}`, { cpu: 50 });
    return what.kind === 'node' ? { kind: 'node', node: info } : { kind: 'node-gone', name: info.name };
  }
  const { app: n, kind } = what;
  const app = appOf(n);
  const [leader, member] = [app.leader(), app.member('executor', 0)];
  switch (kind) {
    case 'leader-gone':
      return { kind: 'pod-gone', uid: leader.uid };
    case 'member-gone':
      return { kind: 'pod-gone', uid: member.uid };
    case 'leader-comes':
      return { kind: 'pod', pod: { ...leader, gated: true } };
    case 'member-comes':
      return { kind: 'pod', pod: boundTo(app.member('executor', 2), at(n)) };
    case 'dying':
      return { kind: 'pod', pod: { ...boundTo(member, at(n)), deleting: true } };
  }
}

test('restored in slices with nothing in between, the state is that of a restore at once', () => {
  const [sliced, atOnce] = [listed(), listed()];
  const effects: Effect[] = [];
  let slices = 0;
  for (const some of sliced.synchronize(() => 1000)) {
    slices++;
    effects.push(...some);
    sliced.checkInvariants();
  }
  expect(slices).toBeGreaterThan(3);
  expect(effects).toEqual(atOnce.observe({ kind: 'synced' }, 1000));
  expect(fingerprintOf(sliced.inside, 1000)).toBe(fingerprintOf(atOnce.inside, 1000));
});

test('whatever happens between the slices of a restore: the books stay right, and every gang that has a leader is known', () => {
  fc.assert(
    fc.property(news, (pauses) => {
      const scheduler = listed();
      const leaders = new Map<string, boolean>();
      for (let n = 0; n <= APPS + 5; n++) leaders.set(appOf(n).leader().uid, n < APPS);
      const slices = scheduler.synchronize(() => 1000);
      for (let pause = 0; !slices.next().done; pause++) {
        for (const what of pauses[pause] ?? []) {
          // A bound pod does not become pending again.
          const { uid } = appOf('app' in what ? what.app : 0).leader();
          if (what.kind === 'leader-comes' && scheduler.inside.cluster.boundPod(uid)) continue;
          scheduler.observe(eventOf(what), 1000);
          if (what.kind === 'leader-gone') leaders.set(uid, false);
          if (what.kind === 'leader-comes') leaders.set(uid, true);
          scheduler.checkInvariants();
        }
        scheduler.checkInvariants();
      }
      expect([scheduler.isSynced, scheduler.inside.early.size]).toEqual([true, 0]);
      const known = scheduler.gangs().map(({ leader: { uid } }) => uid);
      expect(known.sort()).toEqual([...leaders].flatMap(([uid, isThere]) => (isThere ? [uid] : [])).sort());
    }),
    RUNS,
  );
});
