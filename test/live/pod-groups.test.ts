import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, bind, LiveMuster, nodes, podObject, PODS } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const GROUPS = '/apis/scheduling.x-k8s.io/v1alpha1/podgroups';
const POD_GROUP = { 'scheduling.x-k8s.io/pod-group': 'g' };
const OLDER = { 'pod-group.scheduling.sigs.k8s.io': 'g' };
const KUEUE = { 'kueue.x-k8s.io/pod-group-name': 'g' };
const MEMBERS = ['g-0', 'g-1', 'g-2', 'g-3', 'g-4', 'g-5'];

let api: FakeApiServer;
let muster: LiveMuster | undefined;

async function begin(): Promise<LiveMuster> {
  return (muster = await new LiveMuster(api).start());
}

async function restart(): Promise<LiveMuster> {
  await muster!.stop();
  return begin();
}

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
  api.put(GROUPS, { metadata: { name: 'g', namespace: 'jobs' }, spec: { minMember: MEMBERS.length } });
});

afterEach(async () => {
  muster!.scheduler.checkInvariants();
  await muster!.stop();
  await api.stop();
});

function member(name: string, labels: Record<string, string>): K8sObject {
  const pod = podObject(name, { name: 'unused', role: 'unused' });
  const annotations = { 'kueue.x-k8s.io/pod-group-total-count': String(MEMBERS.length) };
  return { ...pod, metadata: { ...pod.metadata, labels, annotations } };
}

/** Creates the pods one after the other, and asks about each of them. */
async function create(labels: Record<string, string>): Promise<string[]> {
  const answers: string[] = [];
  for (const name of MEMBERS) {
    api.put(PODS, member(name, labels));
    answers.push(await place(name));
  }
  return answers;
}

/** kube-scheduler asks about the pod, and binds it or says why not. */
async function place(name: string): Promise<string> {
  const pod = api.get(PODS, 'jobs', name)!;
  const answer = await muster!.ask(pod);
  if (nodes.includes(answer)) bind(api, pod, answer);
  else {
    const refused = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: answer };
    api.put(PODS, { ...pod, status: { phase: 'Pending', conditions: [refused] } });
  }
  return answer;
}

const held = () => muster!.scheduler.gangs().map(({ gang, slots }) => ({ gang, ...slots }));

const hasSucceeded = () => {
  const { gangObjects } = muster!.cluster.context;
  const of = (kind: 'succeeded-in-pod-group' | 'succeeded-in-kueue-group') => gangObjects.get(kind, 'jobs', 'g') ?? 0;
  return of('succeeded-in-pod-group') + of('succeeded-in-kueue-group');
};

describe.each([
  ['a PodGroup', POD_GROUP],
  ['a PodGroup by its older label', OLDER],
  ['a pod group of Kueue', KUEUE],
])('%s', (_what, labels) => {
  test.each(['goes on', 'is started again'])(
    'when all but one have succeeded, that one is created again alone, and muster %s',
    async (then) => {
      await begin();
      await create(labels);
      for (const name of MEMBERS) if (api.get(PODS, 'jobs', name)!.spec!['nodeName'] === undefined) await place(name);
      await until(() => held()[0]?.bound === 6);
      for (const name of MEMBERS.slice(1)) {
        api.put(PODS, { ...api.get(PODS, 'jobs', name)!, status: { phase: 'Succeeded' } });
      }
      api.remove(PODS, 'jobs', MEMBERS[0]!);
      await until(() => held().length === 0 && hasSucceeded() === 5);
      if (then === 'is started again') await restart();
      api.put(PODS, member('g-0-again', labels));
      expect(nodes).toContain(await place('g-0-again'));
      await until(() => held()[0]?.bound === 1);
      expect(held()).toEqual([{ gang: 'jobs/g', unplaced: 0, reserved: 0, assumed: 0, bound: 1 }]);
    },
  );
});

const WAITS = 'gang waits until all 6 members that it needs exist';

test('no member of a PodGroup starts, and nothing is held for it, before minMember exist', async () => {
  await begin();
  const answers = await create(POD_GROUP);
  expect(answers.slice(0, 5)).toEqual(Array(5).fill(WAITS));
  expect(nodes).toContain(answers[5]);
  expect(held()).toMatchObject([{ reserved: 5 }]);
  for (const name of MEMBERS.slice(0, 5)) expect(nodes).toContain(await place(name));
});

test('a muster that is started again counts the members that kube-scheduler has refused before', async () => {
  await begin();
  for (const name of MEMBERS.slice(0, 5)) {
    api.put(PODS, member(name, POD_GROUP));
    expect(await place(name)).toBe(WAITS);
  }
  await restart();
  expect(held()).toMatchObject([{ gang: 'jobs/g', reserved: 0 }]);
  api.put(PODS, member('g-5', POD_GROUP));
  expect(nodes).toContain(await place('g-5'));
});

test('if the last member is refused by kube-scheduler itself, muster admits the gang unasked and wakes a member', async () => {
  await begin();
  for (const name of MEMBERS.slice(0, 5)) {
    api.put(PODS, member(name, POD_GROUP));
    expect(await place(name)).toBe(WAITS);
  }
  const message = '0/3 nodes are available: 3 Insufficient cpu.';
  const refused = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  api.put(PODS, { ...member('g-5', POD_GROUP), status: { phase: 'Pending', conditions: [refused] } });
  await until(() => held()[0]?.reserved === 6);
  await until(() => muster!.effects.some(({ kind }) => kind === 'wake-leader') || api.calls.some(isWake));
});

const isWake = ({ method, path }: { method: string; path: string }) => method === 'PATCH' && /\/pods\/g-\d$/.test(path);
