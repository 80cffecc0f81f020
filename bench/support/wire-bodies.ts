import { readFileSync } from 'node:fs';
import { nodeName } from './cluster.ts';

type Json = Record<string, unknown>;

interface Recorded {
  readonly request: {
    readonly body: { readonly Pod: Json; readonly Nodes: { readonly items: readonly Json[] } | null };
  };
}

const recorded = (name: string) =>
  (JSON.parse(readFileSync(`test/wire/recordings/${name}.v1.36.json`, 'utf8')) as Recorded).request.body;

const DRIVER = recorded('filter-names-driver').Pod;
const EXECUTOR = recorded('filter-names-executor-choose-one').Pod;
const NODE = recorded('filter-nodes-driver').Nodes!.items[0]!;

/** A recorded pod with another name and only these labels and annotations. */
function podLike(pod: Json, name: string, labels: object, annotations: object = {}): Json {
  const metadata = { ...(pod['metadata'] as Json), name, namespace: 'jobs', uid: name, labels, annotations };
  return { ...pod, metadata, spec: { ...(pod['spec'] as Json), schedulerName: 'muster' } };
}

/** The driver of a gang with this number of executors. @param cpu cores per executor */
export function driverPod(gang: string, executors: number, cpu = 1): Json {
  const roles = [
    { name: 'driver', count: 1, requests: { cpu: '1', memory: '1408Mi' } },
    { name: 'executor', count: executors, requests: { cpu: `${cpu}`, memory: '1408Mi' } },
  ];
  const labels = { 'muster.dev/gang': gang, 'muster.dev/role': 'driver', 'spark-version': '3.5.0' };
  return podLike(DRIVER, `${gang}-driver`, labels, { 'muster.dev/roles': JSON.stringify(roles) });
}

export function executorPod(gang: string, i: number): Json {
  return podLike(EXECUTOR, `${gang}-exec-${i}`, { 'muster.dev/gang': gang, 'muster.dev/role': 'executor' });
}

/** A pod of no gang. */
export const foreignPod = (name: string): Json => podLike(EXECUTOR, name, { app: 'web' });

/** A member of a gang, or a pod of none, that runs on the node; as the API server lists it. */
export function runningPod(name: string, node: string, gang?: string): Json {
  const labels = gang ? { 'muster.dev/gang': gang, 'muster.dev/role': 'executor' } : { app: 'web' };
  const pod = podLike(EXECUTOR, name, { ...labels, 'spark-app-name': gang ?? 'none', 'spark-version': '3.5.0' });
  const status = { ...(pod['status'] as Json), phase: 'Running', startTime: '2026-01-01T00:00:00Z' };
  const listed: Json = { ...pod, spec: { ...(pod['spec'] as Json), nodeName: node }, status };
  const metadata = { ...(pod['metadata'] as Json), managedFields: managedFieldsOf(listed) };
  return { ...listed, metadata };
}

/** The record of field managers, nearly half of a pod. The API server sends it, kube-scheduler does not. */
function managedFieldsOf({ metadata, spec, status }: Json): object[] {
  const fields = (value: unknown): object =>
    value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, fields(inner)]))
      : {};
  const by = (manager: string, fieldsV1: object) => {
    return {
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1,
    };
  };
  return [by('okhttp', fields({ metadata, spec })), by('kubelet', fields({ status }))];
}

export function listedNode(name: string): Json {
  return { ...NODE, metadata: { ...(NODE['metadata'] as Json), name, uid: name } };
}

/** The number of different orders of the names: kube-scheduler sends them in another order each time. */
const ORDERS = 8;

/** The rest of a filter body after its pod, in several orders. @param mode as nodeCacheCapable makes it */
export function candidateTexts(count: number, mode: 'names' | 'nodes'): readonly string[] {
  return Array.from({ length: ORDERS }, (_, turn) => {
    const order = Array.from({ length: count }, (_, i) => nodeName((i * 7919 + turn * 31) % count));
    if (mode === 'names') return `,"Nodes":null,"NodeNames":${JSON.stringify(order)}}\n`;
    const items = order.map((name) => ({ ...NODE, metadata: { ...(NODE['metadata'] as Json), name } }));
    return `,"Nodes":${JSON.stringify({ metadata: {}, items })},"NodeNames":null}\n`;
  });
}

/** As Go encodes ExtenderArgs. */
export function bodyOf(pod: Json, candidates: readonly string[], turn: number): Buffer {
  return Buffer.from(`{"Pod":${JSON.stringify(pod)}${candidates[turn % ORDERS]!}`);
}
