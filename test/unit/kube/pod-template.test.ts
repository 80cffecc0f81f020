import { expect, test } from 'vitest';
import type { RoomPodSet } from '../../../src/core/provisioning/room-request.ts';
import { podTemplateSpec } from '../../../src/kube/provisioning/pod-template.ts';

const GI = 2 ** 30;

const set = (more: Partial<RoomPodSet> = {}): RoomPodSet => ({
  role: 'executor',
  count: 3,
  request: new Map([
    ['pods', 1],
    ['cpu', 1500],
    ['memory', 4 * GI],
  ]),
  constraints: { nodeSelector: new Map(), tolerations: [] },
  ...more,
});

const specOf = (more: Partial<RoomPodSet> = {}) => podTemplateSpec(set(more), 'muster', 'muster-1');

test('requests as Kubernetes writes them, without the count of pods', () => {
  expect(specOf()).toEqual({
    spec: {
      schedulerName: 'muster',
      containers: [{ name: 'member', image: 'placeholder', resources: { requests: { cpu: '1500m', memory: '4Gi' } } }],
    },
  });
});

test('what containers cannot share has a limit as well', () => {
  const request = new Map([
    ['cpu', 1000],
    ['nvidia.com/gpu', 2],
    ['hugepages-2Mi', 4 * 2 ** 20],
    ['example.com/none', 0],
  ]);
  expect(specOf({ request })).toMatchObject({
    spec: {
      containers: [
        {
          resources: {
            requests: { cpu: '1', 'nvidia.com/gpu': '2', 'hugepages-2Mi': '4194304' },
            limits: { 'nvidia.com/gpu': '2', 'hugepages-2Mi': '4194304' },
          },
        },
      ],
    },
  });
  expect(JSON.stringify(specOf({ request }))).not.toContain('example.com');
});

test('node selector, node affinity, tolerations and class', () => {
  const constraints: RoomPodSet['constraints'] = {
    nodeSelector: new Map([['pool', 'batch']]),
    tolerations: [{ key: 'spot', operator: 'Exists', value: '', effect: 'NoSchedule' }],
    affinity: [
      [],
      [
        { on: 'label', key: 'zone', operator: 'In', values: ['a', 'b'] },
        { on: 'label', key: 'gpu', operator: 'DoesNotExist', values: [] },
        { on: 'name', key: 'metadata.name', operator: 'NotIn', values: ['n1'] },
      ],
    ],
  };
  expect(specOf({ constraints, priorityClass: 'batch' })).toMatchObject({
    spec: {
      nodeSelector: { pool: 'batch' },
      tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'zone', operator: 'In', values: ['a', 'b'] },
                  { key: 'gpu', operator: 'DoesNotExist' },
                ],
                matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }],
              },
            ],
          },
        },
      },
      priorityClassName: 'batch',
    },
  });
});

test('a gang that must be in one domain asks for one', () => {
  expect(specOf({ together: 'topology.kubernetes.io/zone' })).toMatchObject({
    metadata: { labels: { 'muster.dev/together': 'muster-1' } },
    spec: {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'topology.kubernetes.io/zone',
              labelSelector: { matchLabels: { 'muster.dev/together': 'muster-1' } },
            },
          ],
        },
      },
    },
  });
});
