import { describe, expect, test } from 'vitest';
import { GangBuilder, boundTo, node, pod, spark, queueWith } from '../support/builders.ts';
import { World } from '../support/world.ts';

const ROOM = 'waits: gang waits for room';

describe('a Spark driver with its executors', () => {
  test('starts where driver and 8 executors fit exactly', () => {
    const world = new World([node('a', { cpu: 5 }), node('b', { cpu: 4 })]); // 1 + 8 x 1 = 9 cpu of 9
    const app = spark('etl', 8);
    expect(world.start(app.leader())).toMatch(/^-> [ab]$/);
    const answers = Array.from({ length: 8 }, (_, i) => world.start(app.member('executor', i)));
    expect(answers.every((answer) => answer.startsWith('-> '))).toBe(true);
    expect(world.scheduler.stats().gangs.running).toBe(1);
    expect(world.scheduler.stats().free.get('cpu')).toBeUndefined(); // nothing left
  });

  test('waits whole where one cpu is short: nobody starts', () => {
    const world = new World([node('a', { cpu: 4 }), node('b', { cpu: 4 }), node('c', { cpu: 4 })]);
    world.bind(pod('other', { cpu: 4 }), 'c');
    const app = spark('etl', 8); // 9 cpu; 8 are free
    expect(world.ask(app.leader())).toBe(ROOM);
    expect(world.ask(app.member('executor', 0))).toBe('waits: gang waits for its leader');
    expect(world.scheduler.stats().reserved.size).toBe(0);
  });

  test('is told at once when even the empty cluster would not do', () => {
    const world = new World([node('a', { cpu: 8 })]);
    expect(world.ask(spark('etl', 8).leader())).toBe(
      'waits: cannot start on this cluster: even the empty cluster has too little room for all its members together',
    );
    expect(world.ask(spark('big', 9).leader())).toBe(
      'waits: cannot start on this cluster: even the empty cluster has too little room for role executor',
    );
  });

  test('of two that compete for the same room only one is admitted', () => {
    const world = new World([node('a', { cpu: 6 }), node('b', { cpu: 6 })]);
    const [one, two] = [spark('one', 7), spark('two', 7)]; // 8 + 8 cpu of 12
    expect(world.ask(one.leader())).toMatch(/^-> /);
    expect(world.ask(two.leader())).toBe(ROOM);
    expect(world.kinds()).toEqual(['gang-admitted', 'gang-waits']);
  });

  test('asked five times books once', () => {
    const world = new World([node('a', { cpu: 6 }), node('b', { cpu: 6 })]);
    const app = spark('etl', 7);
    const answers = new Set(Array.from({ length: 5 }, () => world.ask(app.leader())));
    expect(answers.size).toBe(1);
    expect(world.scheduler.stats().reserved.get('cpu')).toBe(8000);
    const member = new Set(Array.from({ length: 5 }, () => world.ask(app.member('executor', 3))));
    expect(member.size).toBe(1);
    expect(world.scheduler.stats().reserved.get('cpu')).toBe(8000);
  });

  test('executors land on their slots while others would take the room', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 2 })]);
    const app = spark('etl', 4); // all 5 cpu
    world.start(app.leader());
    expect(world.ask(pod('intruder', { cpu: 1 }))).toBe('any of ');
    for (let i = 0; i < 4; i++) expect(world.start(app.member('executor', i))).toMatch(/^-> [ab]$/);
  });
});

describe('a member that dies', () => {
  test('leaves its slot to its successor and to nobody else', () => {
    const world = new World([node('a', { cpu: 3 })]);
    const app = spark('etl', 2);
    world.start(app.leader());
    world.start(app.member('executor', 1));
    world.start(app.member('executor', 2));
    world.gone(app.member('executor', 1));
    expect(world.ask(spark('rival', 0).leader())).toBe(ROOM);
    expect(world.start(app.member('executor', 3))).toBe('-> a');
  });

  test('gives its slot up when no successor comes in time', () => {
    const world = new World([node('a', { cpu: 3 })]);
    const app = spark('etl', 2);
    world.start(app.leader());
    world.start(app.member('executor', 1));
    world.start(app.member('executor', 2));
    world.gone(app.member('executor', 1));
    world.wait(119_999);
    expect(world.ask(spark('rival', 0).leader())).toBe(ROOM);
    world.wait(1);
    expect(world.effects).toContainEqual({ kind: 'slots-expired', gang: 'jobs/etl', slots: 1, whole: false });
    expect(world.ask(spark('rival', 0).leader())).toBe('-> a');
  });

  test('is replaced by a member beyond the minimum where there is one', () => {
    const world = new World([node('a', { cpu: 3 })]);
    const app = spark('etl', 2, { min: 1 });
    world.start(app.leader());
    world.start(app.member('executor', 1));
    world.start(app.member('executor', 2));
    world.gone(app.member('executor', 1));
    expect(world.scheduler.stats().gangs.running).toBe(1);
    expect(world.scheduler.stats().free.get('cpu')).toBe(1000);
  });

  test('before it was bound frees its slot again', () => {
    const world = new World([node('a', { cpu: 2 })]);
    const app = spark('etl', 1);
    world.start(app.leader());
    world.ask(app.member('executor', 1));
    world.gone(app.member('executor', 1));
    expect(world.start(app.member('executor', 2))).toBe('-> a');
  });
});

describe('dynamic allocation', () => {
  test('above the minimum takes only spare room', () => {
    const world = new World([node('a', { cpu: 8 })]);
    const elastic = spark('elastic', 6, { min: 2 }); // 3 cpu to start
    const rigid = spark('rigid', 3); // 4 cpu
    world.start(elastic.leader());
    world.start(elastic.member('executor', 1));
    world.start(elastic.member('executor', 2));
    world.start(rigid.leader()); // 3 + 4 = 7 of 8, of which 3 wait for executors
    expect(world.start(elastic.member('executor', 3))).toBe('-> a');
    expect(world.ask(elastic.member('executor', 4))).toBe('waits: no room for a member beyond the minimum');
    for (let i = 0; i < 3; i++) expect(world.start(rigid.member('executor', i))).toBe('-> a');
  });

  test('a spare that is asked for again keeps its node and books once', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })]);
    const app = spark('etl', 4, { min: 0 });
    world.start(app.leader());
    const answers = new Set(Array.from({ length: 5 }, () => world.ask(app.member('executor', 1))));
    expect(answers.size).toBe(1);
    expect(world.scheduler.stats().reserved.get('cpu')).toBe(1000);
  });
});

describe('the end of a gang', () => {
  test('comes with its leader and frees every slot', () => {
    const world = new World([node('a', { cpu: 5 })]);
    const app = spark('etl', 4);
    world.start(app.leader());
    world.start(app.member('executor', 1));
    world.gone(app.leader());
    expect(world.scheduler.stats().reserved.size).toBe(0);
    expect(world.ask(app.member('executor', 2))).toBe('waits: gang waits for its leader');
    expect(world.kinds()).toEqual(['gang-admitted', 'gang-released']);
  });

  test('comes for a gang that never started when its leader is deleted', () => {
    const world = new World([node('a', { cpu: 2 })]);
    const app = spark('etl', 4);
    world.ask(app.leader());
    world.gone(app.leader());
    expect(world.scheduler.stats().gangs.waiting).toBe(0);
  });

  test('a leader that is never bound gives all slots up, and waits again', () => {
    const world = new World([node('a', { cpu: 3 })]);
    const app = spark('etl', 2);
    world.ask(app.leader());
    world.gone(pod('nobody'));
    world.wait(600_000);
    // The leader's own slot is assumed: kube-scheduler may be binding it, so only the executors' are given up.
    expect(world.effects.at(-1)).toEqual({ kind: 'slots-expired', gang: 'jobs/etl', slots: 2, whole: false });
  });
});

describe('another scheduler', () => {
  test('that takes reserved room makes the slots move', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })]);
    const app = spark('etl', 2);
    const leader = world.start(app.leader()).slice(3);
    const other = leader === 'a' ? 'b' : 'a';
    world.bind(pod('intruder', { cpu: 2 }), leader);
    expect(world.kinds().filter((kind) => kind === 'slot-moved')).toHaveLength(2);
    expect(world.start(app.member('executor', 1))).toBe(`-> ${other}`);
  });

  test('that takes room that is nowhere else leaves the slot unplaced until room appears', () => {
    const world = new World([node('a', { cpu: 2 })]);
    const app = spark('etl', 1);
    world.start(app.leader());
    world.bind(pod('intruder', { cpu: 1 }), 'a');
    expect(world.effects.at(-1)).toMatchObject({ kind: 'slot-unplaced', from: 'a' });
    expect(world.scheduler.stats().gangs.degraded).toBe(1);
    expect(world.ask(app.member('executor', 1))).toBe('waits: no offered node has room for this member');
    world.node(node('b', { cpu: 1 }));
    expect(world.start(app.member('executor', 1))).toBe('-> b');
  });
});

describe('nodes that change', () => {
  test('a node that goes takes its reserved slots to another', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })]);
    const app = spark('etl', 2);
    const leader = world.start(app.leader(), ['a']);
    expect(leader).toBe('-> a');
    world.removeNode('a');
    expect(world.start(app.member('executor', 1))).toBe('-> b');
  });

  test('a cordon moves the slots that are not used yet', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })]);
    const app = spark('etl', 2);
    world.start(app.leader(), ['a']);
    world.node(node('a', { cpu: 3, unschedulable: true }));
    expect(world.start(app.member('executor', 1), ['b'])).toBe('-> b');
    expect(world.start(app.member('executor', 2), ['b'])).toBe('-> b');
  });

  test('a slot whose node is not offered moves to an offered node', () => {
    const world = new World([node('a', { cpu: 2 }), node('b', { cpu: 2 })]);
    const app = spark('etl', 1);
    world.start(app.leader(), ['a']);
    expect(world.start(app.member('executor', 1), ['b'])).toBe('-> b');
  });
});

describe('a restart', () => {
  test('gives running gangs the slots back that are written on their leaders, before anybody else', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })], {}, false);
    const app = spark('etl', 4);
    const slots = new Map([
      ['driver', new Map([['a', 1]])],
      [
        'executor',
        new Map([
          ['a', 2],
          ['b', 2],
        ]),
      ],
    ]);
    world.bind(app.member('executor', 1), 'a');
    world.bind({ ...app.leader(), reservation: { text: '', slots } }, 'a');
    world.sync();
    expect(world.scheduler.stats().reserved.get('cpu')).toBe(3000);
    expect(world.ask(spark('rival', 1).leader())).toBe(ROOM);
    for (let i = 2; i <= 4; i++) expect(world.start(app.member('executor', i))).toMatch(/^-> /);
  });

  test('lets a gang whose leader runs and has nothing written on it wait at its place in the queue', () => {
    const world = new World([node('a', { cpu: 3 }), node('b', { cpu: 3 })], {}, false);
    const [app, younger, higher] = [spark('etl', 4), spark('younger', 2), spark('higher', 0, { priority: 1 })];
    world.bind({ ...app.member('executor', 1), createdMs: -60_000 }, 'a');
    world.bind({ ...app.leader(), createdMs: -60_000 }, 'a');
    for (const gang of [younger, higher])
      world.learn({ kind: 'pod', pod: { ...gang.leader(), gated: true, createdMs: -1000 } });
    world.sync();
    const order = world.scheduler.admitWaiting(0).map(({ kind, gang }) => `${kind} ${gang}`);
    expect(order).toEqual([
      'gang-admitted jobs/higher',
      'wake-leader jobs/higher',
      'gang-admitted jobs/etl',
      'gang-waits jobs/younger',
    ]);
  });

  test('a gang is not answered before the cluster has been read, a foreign pod is', () => {
    const world = new World([node('a', { cpu: 3 })], {}, false);
    expect(() => world.ask(spark('etl', 1).leader())).toThrow('MUSTER_NOT_SYNCED');
    expect(world.ask(pod('foreign'))).toBe('any');
  });
});

describe('gangs of other kinds', () => {
  test('three roles start together, each on nodes of its kind', () => {
    const pool = (value: string) => ({ labels: { pool: value } });
    const nodes = [
      node('c1', { cpu: 2, ...pool('cpu') }),
      node('g1', { cpu: 4, gpu: 2, ...pool('gpu') }),
      node('g2', { cpu: 4, gpu: 2, ...pool('gpu') }),
    ];
    const train = new GangBuilder('train', {
      chief: { count: 1, cpu: 1, nodeSelector: { pool: 'cpu' } },
      ps: { count: 1, cpu: 1, nodeSelector: { pool: 'cpu' } },
      worker: { count: 4, cpu: 1, gpu: 1, nodeSelector: { pool: 'gpu' } },
    });
    const world = new World(nodes);
    expect(world.start(train.leader(), ['c1'])).toBe('-> c1');
    expect(world.start(train.member('ps', 0))).toBe('-> c1');
    const workers = Array.from({ length: 4 }, (_, i) => world.start(train.member('worker', i)));
    expect(workers.sort()).toEqual(['-> g1', '-> g1', '-> g2', '-> g2']);
  });

  test('a single role of equals: the first that asks leads', () => {
    const world = new World([node('a', { cpu: 2 }), node('b', { cpu: 2 })]);
    const mpi = new GangBuilder('mpi', { worker: { count: 4, cpu: 1 } });
    const starts = Array.from({ length: 4 }, (_, i) => world.start(mpi.leader(`mpi-${i}`)));
    expect(starts.every((answer) => answer.startsWith('-> '))).toBe(true);
    world.gone(mpi.leader('mpi-0'));
    expect(world.start(mpi.leader('mpi-4'))).toMatch(/^-> /);
    expect(world.scheduler.stats().gangs.running).toBe(1);
  });
});

describe('the queue', () => {
  const strict = { queue: queueWith({ blockAfterMs: 0 }) };
  test('strict: a gang at the head that does not fit holds up those behind it', () => {
    const world = new World([node('a', { cpu: 8 })], strict);
    world.bind(pod('other', { cpu: 4 }), 'a');
    expect(world.ask(spark('big', 5).leader())).toBe(ROOM);
    world.nowMs = 1;
    expect(world.ask(spark('small', 1).leader())).toBe('waits: gang waits for its turn');
  });

  test('strict: a gang that no cluster state would let in holds up nobody', () => {
    const world = new World([node('a', { cpu: 8 })], strict);
    expect(world.ask(spark('huge', 50).leader())).toMatch(/even the empty cluster/);
    expect(world.ask(spark('small', 1).leader())).toBe('-> a');
  });

  test('without backfill small gangs pass until the head has waited ten minutes', () => {
    const world = new World([node('a', { cpu: 8 })], { queue: queueWith({ backfill: 'off' }) });
    world.bind(pod('other', { cpu: 4 }), 'a');
    const big = spark('big', 5);
    world.ask(big.leader());
    expect(world.ask(spark('small', 1).leader())).toBe('-> a');
    world.wait(600_000);
    world.ask(big.leader());
    expect(world.ask(spark('late', 0).leader())).toBe('waits: gang waits for its turn');
  });

  test('a higher priority stands ahead', () => {
    const world = new World([node('a', { cpu: 4 })], strict);
    world.bind(pod('other', { cpu: 3 }), 'a');
    world.ask(spark('low', 2, { priority: 1 }).leader());
    expect(world.ask(spark('high', 2, { priority: 5 }).leader())).toBe(ROOM);
    world.gone(boundTo(pod('other'), 'a'));
    expect(world.ask(spark('low', 2, { priority: 1 }).leader())).toBe('waits: gang waits for its turn');
    expect(world.ask(spark('high', 2, { priority: 5 }).leader())).toBe('-> a');
  });

  test('queues do not hold each other up', () => {
    const world = new World([node('a', { cpu: 8 })], strict);
    world.bind(pod('other', { cpu: 4 }), 'a');
    world.ask(spark('big', 5, { queue: 'x' }).leader());
    expect(world.ask(spark('small', 1, { queue: 'y' }).leader())).toBe('-> a');
  });
});

describe('an answer that stands', () => {
  test('is looked at again once room that helps is free', () => {
    const world = new World([node('a', { cpu: 4 })]);
    const other = pod('other', { cpu: 3 });
    world.bind(other, 'a');
    const app = spark('etl', 2);
    expect(world.ask(app.leader())).toBe(ROOM);
    world.gone(other);
    expect(world.ask(app.leader())).toBe('-> a');
  });

  test('changes with the policy', () => {
    const world = new World([node('a', { cpu: 8 })], { queue: queueWith({ blockAfterMs: 0 }) });
    world.bind(pod('other', { cpu: 4 }), 'a');
    world.ask(spark('big', 5).leader());
    expect(world.ask(spark('small', 1).leader())).toBe('waits: gang waits for its turn');
    world.scheduler.setPolicies([], 0);
    expect(world.ask(spark('small', 1).leader())).toBe('-> a');
  });
});
