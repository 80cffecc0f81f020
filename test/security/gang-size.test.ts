import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_GANG_MEMBERS, type Membership } from '../../src/core/model.ts';
import { parseReservation } from '../../src/intake/reservation.ts';
import { toPodInfo } from '../../src/intake/pod.ts';
import { DEFAULT_CONTEXT } from '../../src/intake/gang-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { addNodes, bind, LiveMuster, podObject, PODS } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

/** The declaration of a leader and 16 - 1 roles of `members` each. */
const roles = (members: number) =>
  JSON.stringify([
    { name: 'leader' },
    ...Array.from({ length: 15 }, (_, i) => ({ name: `r${i}`, count: members, requests: { cpu: '1m' } })),
  ]);

const leader = (name: string, members: number) =>
  podObject(name, { name, role: 'leader', annotations: { 'muster.dev/roles': roles(members) } });

const membershipOf = (object: object, maxGangMembers?: number): Membership | undefined =>
  toPodInfo(object, 'Pod', { ...DEFAULT_CONTEXT, ...(maxGangMembers === undefined ? {} : { maxGangMembers }) })
    .membership;

describe('a gang that needs more members than muster accepts', () => {
  test.each([
    [undefined, 666, undefined],
    [undefined, 667, 'the gang needs 10006 members to start, and muster accepts 10000 at most'],
    [undefined, 10_000, 'the gang needs 150001 members to start, and muster accepts 10000 at most'],
    [31, 2, undefined],
    [30, 2, 'the gang needs 31 members to start, and muster accepts 30 at most'],
  ])('with limit %s and 15 roles of %i: %s', (limit, members, problem) => {
    const found = membershipOf(
      { ...leader('a', members), metadata: { ...leader('a', members).metadata, uid: 'a' } },
      limit,
    );
    expect(found?.problem).toBe(problem);
    expect(found?.spec === undefined).toBe(problem !== undefined);
  });

  test('of one role, in another dialect', () => {
    const labels = { 'kueue.x-k8s.io/pod-group-name': 'g' };
    const annotations = { 'kueue.x-k8s.io/pod-group-total-count': '9' };
    const object = { metadata: { name: 'p', uid: 'p', labels, annotations }, spec: { schedulerName: 'muster' } };
    expect(membershipOf(object, 8)?.problem).toMatch(/needs 9 members/);
    expect(membershipOf(object, 9)?.spec?.roles).toHaveLength(1);
  });

  test('members beyond the minimum do not count: nothing is held for them', () => {
    const elastic = JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 10_000, min: 2, requests: {} }]);
    const pod = podObject('d', { name: 'd', role: 'driver', annotations: { 'muster.dev/roles': elastic } });
    expect(membershipOf({ ...pod, metadata: { ...pod.metadata, uid: 'd' } }, 3)?.problem).toBeUndefined();
  });

  test('a written reservation with more slots counts as absent', () => {
    const text = (count: number) => JSON.stringify({ v: 1, roles: { a: { n1: count - 1 }, b: { n2: 1 } } });
    expect(parseReservation(text(MAX_GANG_MEMBERS))?.slots.size).toBe(2);
    expect(parseReservation(text(MAX_GANG_MEMBERS + 1))).toBeUndefined();
    expect(parseReservation(text(5), 4)).toBeUndefined();
  });
});

describe('on a live cluster', () => {
  let api: FakeApiServer;
  let muster: LiveMuster;

  beforeEach(async () => {
    api = new FakeApiServer();
    await api.start();
    addNodes(api);
    muster = await new LiveMuster(api, { maxGangMembers: 30 }).start();
  });

  afterEach(async () => {
    await muster.stop();
    await api.stop();
  });

  test('the answer to kube-scheduler and the explanation say why it waits', async () => {
    const big = api.put(PODS, leader('big', 2));
    const why = 'the gang needs 31 members to start, and muster accepts 30 at most';
    expect(await muster.ask(big)).toBe(why);
    expect(JSON.parse((await muster.get('/v1/gangs/jobs/big')).body)).toMatchObject({ advice: [`${why}.`] });
  });

  test('a bound leader that declares one is a pod of no gang to muster: nothing is kept for its members', async () => {
    const big = api.put(PODS, leader('big', 10_000));
    bind(api, big, 'n1');
    await until(() => muster.scheduler.stats().pods === 1);
    expect(muster.scheduler.gangs()).toEqual([]);
    expect(muster.scheduler.reserved().size).toBe(0);
  });
});
