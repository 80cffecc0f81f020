import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { redactExplanation, type Redaction } from '../../src/server/api/redact.ts';
import type { Viewer } from '../../src/server/api/viewer.ts';
import { explanationView } from '../../src/server/api/views.ts';
import { Decisions } from '../../src/server/decisions.ts';
import { decisionView, isToldTo } from '../../src/server/api/board-routes.ts';
import { Timelines } from '../../src/server/timelines.ts';
import { boundTo, node, pod } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;
/** A namespace with a name that sentences are full of, and gangs with names of odd letters. */
const THEIRS = ['theirs', 'gang', 'to', 'a'];
const MINE: Viewer = { seesAll: false, seesNodes: false, sees: (namespace) => namespace === 'mine' };

const withPriority = (app: TenantApp, priority: number) => ({ ...app.driver(), priority });

/** Gangs of others hold all room and wait ahead of mine; mine could evict them, and has a start time because of them. */
function world(): World {
  const preemption = { ...DEFAULT_POLICY.preemption, minRuntimeMs: 0 };
  const nodes = ['secret-node-1', 'secret-node-2'].map((name) => node(name, { cpu: 8 }));
  const runs = [0, 2, 3].map((i) => [`secret-run-${i}`, exactly(2 * HOUR_MS)] as const);
  const times = new ToldRunTimes(Object.fromEntries(runs));
  const made = new World(nodes, { preemption }, true, [], times);
  for (const [i, namespace] of THEIRS.entries()) {
    const app = new TenantApp(i === 1 ? 'odd name,: of (mine/x)' : `secret-run-${i}`, {
      namespace,
      executors: 3,
      user: 'eve',
    });
    made.start({ ...app.driver(), priority: -10 });
    for (let e = 0; e < 3; e++) made.start({ ...app.executor(e), priority: -10 });
  }
  made.nowMs = HOUR_MS;
  for (const [i, namespace] of THEIRS.entries())
    made.ask(withPriority(new TenantApp(`secret-ahead-${i}`, { namespace, executors: 7 }), 5));
  made.nowMs += 1000;
  made.ask(withPriority(new TenantApp('job', { namespace: 'mine', executors: 9 }), 4));
  return made;
}

const redaction = (of: World, viewer: Viewer): Redaction => ({
  viewer,
  isNode: (name) => of.nodes.has(name),
  gangs: () => of.scheduler.gangs().map(({ gang }) => gang),
});

const SECRET = /secret|odd name|theirs|eve\b|\bmine\/x|gang\/|\bto\/|\ba\//;

describe('an explanation of my gang to me alone', () => {
  test('names no gang, no pod and no node of others, in fields or sentences', () => {
    const made = world();
    const view = explanationView(made.scheduler.explain('mine/job', made.nowMs)!, (ms) => ms);
    // Without this there is a lot to hide.
    expect(view.preemption!.victims.length).toBeGreaterThan(3);
    expect(view.ahead).toHaveLength(4);
    expect(view.advice.join(' ')).toMatch(SECRET);
    const text = JSON.stringify(redactExplanation(view, redaction(made, MINE)));
    expect(text).not.toMatch(SECRET);
    expect(text).toContain('mine/job');
    expect(text).toContain('(hidden)');
  });

  test('is whole to those who see all', () => {
    const made = world();
    const view = explanationView(made.scheduler.explain('mine/job', made.nowMs)!, (ms) => ms);
    const all: Viewer = { seesAll: true, seesNodes: true, sees: () => true };
    expect(redactExplanation(view, redaction(made, all))).toEqual(view);
  });

  test('leaves names of resources and labels in sentences', () => {
    const made = new World([node('n', { cpu: 2 })]);
    const app = new TenantApp('job', { namespace: 'mine', executors: 1 });
    made.ask({
      ...app.driver(),
      constraints: { nodeSelector: new Map([['node.kubernetes.io/pool', 'x']]), tolerations: [] },
    });
    const view = explanationView(made.scheduler.explain('mine/job', 0)!, (ms) => ms);
    const said = { ...view, advice: ['1 nvidia.com/gpu short; label topology.kubernetes.io/zone.'] };
    expect(redactExplanation(said, redaction(made, MINE)).advice).toEqual(said.advice);
  });
});

test('decisions about my gang name no victim, no other gang and no node to me alone', () => {
  const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const, minRuntimeMs: 0 };
  const made = new World([node('secret-node', { cpu: 8 })], { preemption });
  const theirs = new TenantApp('secret-run', { namespace: 'theirs', executors: 7 });
  made.start({ ...theirs.driver(), priority: -10 });
  for (let i = 0; i < 7; i++) made.start({ ...theirs.executor(i), priority: -10 });
  made.nowMs = HOUR_MS;
  made.ask(withPriority(new TenantApp('job', { namespace: 'mine', executors: 3 }), 10));
  expect(made.makeRoom().length).toBeGreaterThan(0);
  const toWall = (ms: number) => ms;
  const decisions = new Decisions(new Timelines((gang) => made.scheduler.board.gangRow(gang, made.nowMs)), toWall);
  const moved = {
    kind: 'slot-moved',
    gang: 'mine/job',
    role: 'executor',
    from: 'secret-node',
    to: 'secret-2',
  } as const;
  const revoked = {
    kind: 'reservation-revoked',
    gang: 'mine/job',
    leader: pod('job-driver'),
    slots: 2,
    forGang: 'theirs/secret-run',
    because: 'share',
  } as const;
  const refused = {
    kind: 'eviction-dropped',
    gang: 'mine/job',
    leader: pod('job-driver'),
    plan: 'p',
    reason: 'a victim cannot be evicted: pods "secret-run-executor-1" is forbidden',
    spared: [boundTo(pod('secret'), 'secret-node')],
  } as const;
  decisions.onEffects([...made.effects, moved, revoked, refused], made.nowMs);
  const all = decisions.last(100, () => true);
  expect(JSON.stringify(all)).toMatch(/secret-run-executor/);
  const told = all.filter((one) => isToldTo(one, MINE)).map((one) => decisionView(one, MINE, toWall));
  expect(told.map(({ kind }) => kind)).toContain('eviction-planned');
  expect(JSON.stringify(told)).not.toMatch(/secret|theirs/);
});
