import { describe, expect, test } from 'vitest';
import { toPodInfo } from '../../../src/intake/pod.ts';

const HUGE = 'x'.repeat(10_000_000);

interface Parts {
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: unknown;
}

const read = ({ annotations, metadata, spec, status }: Parts) =>
  toPodInfo(
    {
      metadata: { name: 'p', namespace: 'jobs', uid: 'u', ...(annotations ? { annotations } : {}), ...metadata },
      spec: { containers: [], ...spec },
      ...(status === undefined ? {} : { status }),
    },
    'Pod',
  );

const controller = (apiVersion: string, kind: string, name: string) => ({
  apiVersion,
  kind,
  name,
  uid: 'u',
  controller: true,
});

describe('what weighs when a pod is evicted', () => {
  test('nothing out of the ordinary is nothing to keep', () => {
    expect(read({}).evictionTraits).toBeUndefined();
    expect(read({ spec: { terminationGracePeriodSeconds: 30 } }).evictionTraits).toBeUndefined();
    expect(read({}).priorityRequest).toBeUndefined();
  });

  test('times', () => {
    const { evictionTraits } = read({
      metadata: { deletionTimestamp: '2026-11-21T08:00:30Z' },
      spec: { terminationGracePeriodSeconds: 120 },
      status: { startTime: '2026-11-21T08:00:00Z' },
    });
    const startedMs = Date.UTC(2026, 10, 21, 8);
    expect(evictionTraits).toEqual({ startedMs, goneByMs: startedMs + 30_000, graceMs: 120_000 });
  });

  test.each([
    ['its class', { spec: { priorityClassName: 'spark-driver' } }, { priorityClass: 'spark-driver' }],
    ['that it has nobody evicted', { spec: { preemptionPolicy: 'Never' } }, { neverPreempts: true }],
    // test/security/forged-owners.test.ts has what is forged; files come without DaemonSets, and are believed.
    ['a DaemonSet', { metadata: { ownerReferences: [controller('apps/v1', 'DaemonSet', 'd')] } }, { isPinned: true }],
    [
      'a static pod',
      {
        metadata: { ownerReferences: [controller('v1', 'Node', 'n1')] },
        annotations: { 'kubernetes.io/config.mirror': 'x' },
        spec: { nodeName: 'n1' },
      },
      { isPinned: true },
    ],
    [
      'its deletion cost',
      { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-100' } },
      { deletionCost: -100 },
    ],
    [
      'restarts, of all containers',
      { status: { containerStatuses: [{ restartCount: 2 }, { restartCount: 1 }, {}] } },
      { restarts: 3 },
    ],
  ] as const)('%s', (_, parts, evictionTraits) => {
    expect(read(parts).evictionTraits).toEqual(evictionTraits);
  });

  test.each([
    ['no number', 'many'],
    ['beyond int32', '2147483648'],
    ['a fraction', '1.5'],
    ['empty', ''],
    ['huge', HUGE],
  ])('a deletion cost that the ReplicaSet controller would not read either: %s', (_, text) => {
    expect(
      read({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': text } }).evictionTraits,
    ).toBeUndefined();
  });

  test('the longest grace period that the API server lets through is long, and no mistake', () => {
    const pod = JSON.parse('{"terminationGracePeriodSeconds":9223372036854775807}') as object;
    expect(read({ spec: pod }).evictionTraits?.graceMs).toBeGreaterThan(1e20);
  });

  test('a grace period below 0 (delete at once) and a negative count of restarts say nothing', () => {
    const status = { containerStatuses: [{ restartCount: -5 }] };
    expect(read({ spec: { terminationGracePeriodSeconds: -1 }, status }).evictionTraits).toBeUndefined();
  });
});

describe('what a leader’s annotations ask', () => {
  const priorityRequest = (annotations: Parts['annotations']) => read({ annotations: annotations! }).priorityRequest;

  test.each<[Record<string, string>, object]>([
    [{ 'muster.dev/priority': '-5' }, { priority: -5 }],
    [{ 'muster.dev/priority': '+5' }, { priority: 5 }],
    [{ 'muster.dev/priority': 'spark-driver-adhoc' }, { priority: 'spark-driver-adhoc' }],
    [{ 'muster.dev/deadline': '2026-11-30T23:00:00Z' }, { deadlineMs: Date.UTC(2026, 10, 30, 23) }],
    [{ 'muster.dev/deadline': '2026-12-01T00:00:00+01:00' }, { deadlineMs: Date.UTC(2026, 10, 30, 23) }],
    [{ 'muster.dev/expected-duration': '1h30m' }, { expectedMs: 5_400_000 }],
  ])('%o', (annotations, expected) => {
    expect(priorityRequest(annotations)).toEqual(expected);
  });

  test.each<[string, string]>([
    ['muster.dev/priority', 'high!'],
    ['muster.dev/priority', 'High'],
    ['muster.dev/priority', '1000000001'],
    ['muster.dev/priority', '__proto__'],
    ['muster.dev/priority', HUGE],
    ['muster.dev/deadline', 'tomorrow'],
    ['muster.dev/deadline', '2026-11-30'],
    ['muster.dev/deadline', '2026-11-30T23:00:00'],
    ['muster.dev/deadline', '2026-13-30T23:00:00Z'],
    ['muster.dev/deadline', HUGE],
    ['muster.dev/expected-duration', '0'],
    ['muster.dev/expected-duration', 'never'],
    ['muster.dev/expected-duration', '-5m'],
    ['muster.dev/expected-duration', '9'.repeat(30) + 'd'],
    ['muster.dev/expected-duration', HUGE],
  ])('a mistake is told, shortly, and ignored: %s', (key, text) => {
    const { mistakes, ...rest } = priorityRequest({ [key]: text })!;
    expect(rest).toEqual({});
    expect(mistakes).toHaveLength(1);
    expect(mistakes![0]).toMatch(new RegExp(`^Annotation ${key} is ignored: expected .*, got .*\\.$`));
    expect(mistakes![0]!.length).toBeLessThan(300);
  });
});

describe('kube-scheduler found every node full', () => {
  const unschedulable = (message: unknown, change: object = {}) => ({
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, ...change }],
  });

  test.each([
    '0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 nodes are available: 6 No preemption victims found.',
    '0/3 nodes are available: 1 Too many pods, 2 node(s) had untolerated taint(s).',
    '0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) didn’t match Pod’s node affinity/selector.',
  ])('%s', (message) => {
    const pod = read({ status: unschedulable(message) });
    expect([pod.crowdedOut, pod.refusal]).toEqual([true, `Unschedulable: ${message}`]);
  });

  test.each<[string, unknown]>([
    ['something else is in the way', unschedulable('0/6 nodes are available: 6 node(s) had untolerated taint(s).')],
    ['a volume', unschedulable('pod has unbound immediate PersistentVolumeClaims')],
    ['muster itself refused it', unschedulable('0/6 nodes are available: 6 gang waits for room.')],
    ['a gate', unschedulable('Insufficient cpu', { reason: 'SchedulingGated' })],
    ['scheduled', unschedulable('Insufficient cpu', { status: 'True' })],
    ['another condition', unschedulable('Insufficient cpu', { type: 'Ready' })],
    ['no message', unschedulable(undefined)],
    ['a message that is no text', unschedulable({ Insufficient: 'cpu' })],
    ['10 MB of it', unschedulable(HUGE)],
    ['no conditions', { conditions: null }],
    ['no status', undefined],
  ])('not: %s', (_, status) => {
    expect(read({ status }).crowdedOut).toBeUndefined();
  });

  test('not once it is bound', () => {
    const { crowdedOut, node } = read({ spec: { nodeName: 'n' }, status: unschedulable('1 Insufficient cpu') });
    expect({ crowdedOut, node }).toEqual({ crowdedOut: undefined, node: 'n' });
  });
});
