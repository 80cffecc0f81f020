import { expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { evictedNote, podEventOf } from '../../../src/kube/event-notes.ts';

const leader = { namespace: 'jobs', name: 'etl-driver', uid: 'u' };
const deps = { leaderOf: () => leader, adviceOf: () => ['Add a node.'], toWall: (ms: number) => ms };
const base = { gang: 'jobs/etl', leader };
const plan = { id: '1', untilMs: Date.UTC(2026, 0, 2, 3, 4, 5), slots: new Map(), victims: [] };

const slots = (...nodes: string[]) => nodes.map((node) => ({ node, role: 'executor' }));
const victims = (count: number) => Array.from({ length: count }, (_, i) => ({ pod: { ...leader, name: `low-${i}` } }));

/** In minutes after three. */
const times = (earliest: number, about: number, latest: number) => {
  const at = (minutes: number) => Date.UTC(2026, 0, 2, 3) + minutes * 60_000;
  return { earliestMs: at(earliest), aboutMs: at(about), latestMs: at(latest) };
};

test.each<[object, string | undefined]>([
  [
    { kind: 'gang-admitted', slots: slots('a') },
    'GangAdmitted: Reserved 1 place on 1 node: all that the gang needs to start.',
  ],
  [
    { kind: 'gang-admitted', slots: slots('a', 'b', 'b') },
    'GangAdmitted: Reserved 3 places on 2 nodes: all that the gang needs to start.',
  ],
  [{ kind: 'gang-waits', reason: 'gang waits for cpu' }, 'GangWaits: Gang waits for cpu. Add a node.'],
  [
    { kind: 'slots-expired', slots: 1 },
    'ReservationExpired: 1 reserved place was not claimed in time and is released.',
  ],
  [
    { kind: 'slots-expired', slots: 2 },
    'ReservationExpired: 2 reserved places were not claimed in time and are released.',
  ],
  [
    { kind: 'slot-unplaced', role: 'executor', from: 'a' },
    'SlotLost: A member (role executor) lost its place on node a, and there is no other place yet.',
  ],
  [
    { kind: 'eviction-planned', plan, victims: victims(1) },
    'MakingRoom: Evicting 1 pod of lower priority to make room for the gang. It starts when the evicted pods are gone, which should be before 2026-01-02T03:04:05.000Z.',
  ],
  [
    {
      kind: 'eviction-planned',
      plan,
      victims: victims(2),
      because: 'share',
      from: [{ queue: 'b', resource: 'cpu', held: 150_000, share: 100_000, victims: 2 }],
    },
    'MakingRoom: Evicting 2 pods, since queue b holds 150 of its 100 cores, to make room for the gang. It starts when the evicted pods are gone, which should be before 2026-01-02T03:04:05.000Z.',
  ],
  [{ kind: 'eviction-planned', plan, victims: [] }, undefined],
  [
    { kind: 'eviction-dropped', reason: 'it fits now' },
    'MakingRoomFailed: No more pods are evicted for the gang: it fits now.',
  ],
  [
    { kind: 'reservation-revoked', slots: 2, forGang: 'jobs/vip', because: 'share' },
    "ReservationRevoked: Gang jobs/vip, whose queue is within its share, takes the gang's 2 reserved places; the gang waits again.",
  ],
  [
    { kind: 'reservation-revoked', slots: 2, forGang: 'jobs/vip', because: 'priority' },
    "ReservationRevoked: Gang jobs/vip, which has a higher priority, takes the gang's 2 reserved places; the gang waits again.",
  ],
  [
    { kind: 'priority-overclaimed', member: 'a-exec-1', priority: 0, needed: 51, victims: 20, forMs: 600_000 },
    'PriorityOverclaimed: 20 pods were evicted for the gang, which takes priority 51, and member a-exec-1 has 0. No more pods are evicted for gangs in namespace jobs for 10 min: give members the class of their leader.',
  ],
  [
    { kind: 'start-foretold', ...times(7, 20, 70), becauseOf: ['jobs/a', 'jobs/b'] },
    'StartsAbout: Starts about 2026-01-02 03:20 UTC (between 2026-01-02 03:05 UTC and 2026-01-02 04:10 UTC), when jobs/a and jobs/b end. Forecasts may be wrong: this is no promise.',
  ],
  [
    { kind: 'start-foretold', ...times(7, 18, Infinity), becauseOf: ['jobs/a'] },
    'StartsAbout: Starts about 2026-01-02 03:20 UTC (not before 2026-01-02 03:05 UTC), when jobs/a ends. Forecasts may be wrong: this is no promise.',
  ],
  [{ kind: 'start-foretold', ...times(7, Infinity, Infinity), becauseOf: [] }, undefined],
  [{ kind: 'start-kept', promisedMs: 1, lateMs: -1 }, undefined],
  [{ kind: 'gang-released' }, undefined],
])('%j', (effect, says) => {
  const event = podEventOf({ ...base, ...effect } as Effect, deps);
  expect(event && `${event.reason}: ${event.note}`).toBe(says);
});

test.each([
  ['priority', 'Evicted (a member of gang jobs/a) to make room for gang jobs/vip, which has a higher priority.'],
  [
    'share',
    'Evicted (a member of gang jobs/a) to make room for gang jobs/vip, whose queue is within its share; the queue of this pod held more than its own.',
  ],
] as const)('a pod that is evicted because of %s is told so', (because, note) => {
  const pod = { namespace: 'jobs', name: 'a-1', uid: 'a-1' };
  const victim = { pod, node: 'n', gang: 'jobs/a', role: 'executor', because, coreSeconds: 1, isLeader: false };
  expect(evictedNote(victim, 'jobs/vip')).toBe(note);
});
