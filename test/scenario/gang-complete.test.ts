import { describe, expect, test } from 'vitest';
import { boundTo, node, pod, spark } from '../support/builders.ts';
import { admitted } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const NODES = ['a', 'b'].map((name) => node(name, { cpu: 4 }));

/** Three pods, of which two are needed; the leader has been there since minute 1. */
const app = spark('etl', 2, { min: 1 });
const leader = { ...app.leader(), createdMs: MINUTE_MS };
const [first, second] = [app.member('executor', 0), app.member('executor', 1)] as const;

function world(synced = true): World {
  const made = new World(NODES, {}, synced);
  made.nowMs = 3 * MINUTE_MS;
  return made;
}

const told = ({ effects }: World) => effects.filter(({ kind }) => kind === 'gang-complete');

/** The leader starts at minute 3, and the executor that it needs at minute 4. */
function complete(made = world()): World {
  made.start(leader);
  made.wait(MINUTE_MS);
  made.start(first);
  return made;
}

describe('gang-complete', () => {
  test('is told with the last member that the gang needs, and since when it was waited for', () => {
    const made = world();
    made.start(leader);
    expect(told(made)).toEqual([]);
    made.wait(MINUTE_MS);
    made.start(first);
    const { namespace, name, uid } = leader;
    expect(told(made)).toEqual([
      { kind: 'gang-complete', gang: 'jobs/etl', leader: { namespace, name, uid }, sinceMs: MINUTE_MS },
    ]);
    made.start(second);
    expect(told(made)).toHaveLength(1);
  });

  test('is not told again when a lost member is replaced', () => {
    const made = complete();
    made.gone(first);
    made.start(second);
    expect(told(made)).toHaveLength(1);
  });

  test('is not told again of a gang that lost all its members but not its leader, and waits again', () => {
    const gang = spark('lone', 0);
    const made = world();
    made.start(gang.leader());
    expect(told(made)).toHaveLength(1);
    const successor = { ...gang.leader(), uid: 'lone-driver-2' };
    made.ask(successor);
    made.gone(gang.leader());
    made.wait(10 * MINUTE_MS);
    expect(made.kinds()).toContain('slots-expired');
    made.start(successor);
    expect(made.scheduler.stats().gangs.running).toBe(1);
    expect(told(made)).toHaveLength(1);
  });

  test('is told once although its reservation expired before its leader was bound', () => {
    const made = world();
    made.learn({ kind: 'pod', pod: { ...leader, gated: true } });
    expect(admitted(made)).toEqual(['etl']);
    made.wait(10 * MINUTE_MS);
    expect(made.effects).toContainEqual(expect.objectContaining({ kind: 'slots-expired', whole: true }));
    complete(made);
    expect(told(made)).toHaveLength(1);
  });

  test('is told again after the gang was released and declared anew', () => {
    const made = complete();
    made.gone(leader);
    made.gone(first);
    made.start({ ...leader, uid: 'another', createdMs: 4 * MINUTE_MS });
    made.start({ ...first, uid: 'its-executor' });
    expect(told(made)).toMatchObject([{ sinceMs: MINUTE_MS }, { sinceMs: 4 * MINUTE_MS }]);
  });

  test('is told of a gang that needs its leader alone', () => {
    const made = world();
    made.start(spark('lone', 0).leader());
    expect(told(made)).toMatchObject([{ gang: 'jobs/lone', sinceMs: 3 * MINUTE_MS }]);
  });

  test('is told of a gang that kube-scheduler asked about and another scheduler bound', () => {
    const made = new World([node('a', { cpu: 1 })]);
    expect(made.ask(leader)).toMatch(/^waits/);
    made.bind(leader, 'a');
    expect(told(made)).toEqual([]);
    made.bind(first, 'a');
    expect(made.kinds()).toContain('gang-adopted');
    expect(told(made)).toHaveLength(1);
  });
});

describe('after a restart gang-complete', () => {
  test('is not told of gangs that were complete, nor when one of them replaces a member', () => {
    const made = world(false);
    made.learn({ kind: 'pod', pod: boundTo(leader, 'a') });
    made.learn({ kind: 'pod', pod: boundTo(first, 'b') });
    made.sync();
    made.gone(first);
    made.start(second);
    expect(made.scheduler.stats().gangs.running).toBe(1);
    expect(told(made)).toEqual([]);
  });

  test('is not told of a gang whose leader ran: it may have been complete, and lost a member meanwhile', () => {
    const made = world(false);
    made.learn({ kind: 'pod', pod: boundTo(leader, 'a') });
    made.sync();
    made.start(first);
    expect(told(made)).toEqual([]);
  });

  test('is told of a gang whose leader still waited, with its whole wait', () => {
    const made = world(false);
    made.learn({ kind: 'pod', pod: leader });
    made.sync();
    complete(made);
    expect(told(made)).toMatchObject([{ sinceMs: MINUTE_MS }]);
  });
});

describe('a replica that follows', () => {
  test('tells nothing, and nothing later of what it saw complete', () => {
    const made = world();
    made.ask(leader);
    made.scheduler.followOthers(true, made.nowMs);
    made.bind(leader, 'a');
    made.bind(first, 'b');
    expect(made.scheduler.stats().gangs.running).toBe(1);
    made.scheduler.followOthers(false, made.nowMs);
    made.gone(first);
    made.bind(second, 'b');
    expect(told(made)).toEqual([]);
  });

  test('tells of a gang that becomes complete once it decides', () => {
    const made = world();
    made.ask(leader);
    made.scheduler.followOthers(true, made.nowMs);
    made.bind(leader, 'a');
    made.scheduler.followOthers(false, made.nowMs);
    made.bind(first, 'b');
    expect(told(made)).toHaveLength(1);
  });
});

test('a pod of no gang is no gang that is complete', () => {
  const made = world();
  made.bind(pod('single'), 'a');
  expect(told(made)).toEqual([]);
});
