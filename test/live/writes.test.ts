import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, bind, executor, leader, LiveMuster, nodes, PODS, stopAll } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

let api: FakeApiServer;
const started: LiveMuster[] = [];

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

async function startMuster(): Promise<LiveMuster> {
  const muster = new LiveMuster(api);
  started.push(muster);
  return muster.start();
}

/** What muster has written so far: methods and the last two parts of the paths. */
const writes = () =>
  api.calls
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);

const annotationOf = ({ metadata: { name } }: K8sObject) =>
  api.get(PODS, 'jobs', name)?.metadata.annotations?.['muster.dev/reservation'];

const settled = (muster: LiveMuster) =>
  until(() => muster.cluster.backlog.reservations === 0 && muster.cluster.backlog.writes === 0);

/** The places of the gang's open slots, as they are to be written. */
function placesOf(muster: LiveMuster, gang: string): Record<string, number> {
  return Object.fromEntries(muster.scheduler.reservation(`jobs/${gang}`)!.slots.get('executor')!);
}

/** Takes two nodes away and brings them back, one after the other, so that the gang's slots move each time. */
function shake(muster: LiveMuster): number {
  let moves = 0;
  for (const name of nodes.slice(0, 2)) {
    const allocatable = new Map([
      ['cpu', 4000],
      ['memory', 16 * 2 ** 30],
      ['pods', 110],
    ]);
    const node = {
      name,
      labels: new Map<string, string>(),
      taints: [],
      allocatable,
      unschedulable: false,
      images: new Set<string>(),
    };
    for (const event of [{ kind: 'node-gone', name } as const, { kind: 'node', node } as const]) {
      const effects = muster.scheduler.observe(event, performance.now());
      moves += effects.filter(({ kind }) => kind === 'slot-moved').length;
      muster.cluster.onEffects(effects);
    }
  }
  return moves;
}

test('a gang whose members go where they were planned costs one reservation and one Event', async () => {
  const muster = await startMuster();
  const driver = leader('a', 8);
  await muster.run(driver);
  for (let i = 0; i < 8; i++) await muster.run(executor('a', i));
  await until(() => muster.phase('a') === 'running');
  await until(() => writes().length >= 2);
  await settled(muster);
  expect(writes().sort()).toEqual(['PATCH pods/a-driver', 'POST jobs/events']);
});

test('the core hears of each member twice, when it is created and bound, and once more of the leader that is written to', async () => {
  const muster = await startMuster();
  const observe = vi.spyOn(muster.scheduler, 'observe');
  await muster.run(leader('a', 8));
  for (let i = 0; i < 8; i++) await muster.run(executor('a', i));
  await until(() => muster.phase('a') === 'running');
  await settled(muster);
  await until(() => observe.mock.calls.length >= 19);
  expect(observe.mock.calls.map(([{ kind }]) => kind)).toEqual(Array.from({ length: 19 }, () => 'pod'));
});

test('slots that move together are written once, and as they are at last', async () => {
  const muster = await startMuster();
  const driver = leader('a', 5);
  await muster.run(driver);
  await until(() => annotationOf(driver) !== undefined);
  await settled(muster);
  const before = writes().filter((write) => write.startsWith('PATCH')).length;
  expect(shake(muster)).toBeGreaterThan(2);
  expect(muster.cluster.backlog.reservations).toBe(1);
  await settled(muster);
  expect(writes().filter((write) => write.startsWith('PATCH'))).toHaveLength(before + 1);
  const { roles } = JSON.parse(annotationOf(driver)!) as { roles: Record<string, Record<string, number>> };
  expect(roles['executor']).toEqual(placesOf(muster, 'a'));
});

test('what moves while the first write is under way is written after it', async () => {
  const muster = await startMuster();
  const driver = leader('a', 5);
  api.put(PODS, driver);
  const node = await muster.ask(driver);
  const places: Record<string, number>[] = [];
  api.refuse = (method, path) => {
    if (method === 'PATCH' && path.includes('a-driver') && places.length === 0) {
      places.push(placesOf(muster, 'a'));
      shake(muster);
    }
    return undefined;
  };
  bind(api, driver, node);
  await until(() => annotationOf(driver) !== undefined);
  await settled(muster);
  expect(placesOf(muster, 'a')).not.toEqual(places[0]);
  const { roles } = JSON.parse(annotationOf(driver)!) as { roles: Record<string, Record<string, number>> };
  expect(roles['executor']).toEqual(placesOf(muster, 'a'));
});

test('a muster that ends in good order writes what it has collected', async () => {
  const muster = await startMuster();
  const driver = leader('a', 5);
  await muster.run(driver);
  await until(() => annotationOf(driver) !== undefined);
  await settled(muster);
  shake(muster);
  const last = placesOf(muster, 'a');
  started.length = 0;
  await muster.stop();
  const { roles } = JSON.parse(annotationOf(driver)!) as { roles: Record<string, Record<string, number>> };
  expect(roles['executor']).toEqual(last);
});
