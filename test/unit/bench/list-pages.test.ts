import { expect, test } from 'vitest';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { ProtobufReader } from '../../../src/kube/decode/envelope.ts';
import { POD } from '../../../src/kube/decode/pod.ts';
import { ListPages, type Listed } from '../../../bench/support/list-pages.ts';
import { runningPod } from '../../../bench/support/wire-bodies.ts';

const [POD_HOLE, NODE_HOLE, GANG_HOLE] = ['pod-PPPP', 'node-NNNN', 'gang-GGGG'];
const PODS: Listed = {
  kind: 'Pod',
  count: 2500,
  patterns: [runningPod(POD_HOLE, NODE_HOLE, GANG_HOLE), runningPod(POD_HOLE, NODE_HOLE)],
  holes: [POD_HOLE, NODE_HOLE, GANG_HOLE],
  texts: (i) => [`pod-${1000 + i}`, `node-${1000 + (i % 100)}`, `gang-${1000 + (i >> 3)}`],
};
const [json, protobuf] = [new ListPages(PODS, 'json'), new ListPages(PODS, 'protobuf')];

interface JsonPage {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly unknown[];
}

test('a list has the same pods on the same pages in both formats, each once', () => {
  const reader = new ProtobufReader(POD);
  const names: string[] = [];
  for (let token: string | undefined = ''; token !== undefined;) {
    const { metadata, items } = JSON.parse(json.page(token, 1000).toString()) as JsonPage;
    const page = reader.page(protobuf.page(token, 1000));
    const pods = items.map((item) => toPodInfo(item, 'Pod'));
    expect([...page.items].map((item) => toPodInfo(item, 'Pod'))).toEqual(pods);
    expect(page.token).toBe(metadata.continue ?? '');
    names.push(...pods.map(({ name, labels, node }) => `${name} ${node} ${labels.get('muster.dev/gang') ?? ''}`));
    token = metadata.continue;
  }
  expect(names).toHaveLength(2500);
  expect(names.slice(0, 3)).toEqual([
    'pod-1000 node-1000 gang-1000',
    'pod-1001 node-1001 ',
    'pod-1002 node-1002 gang-1000',
  ]);
  expect(new Set(names).size).toBe(2500);
});

test('guard: a pod in protobuf takes three quarters of its JSON, and what many pods have in common is read once', () => {
  const bytesOf = (pages: ListPages) => pages.page('', 1000).length / 1000;
  expect(bytesOf(protobuf) / bytesOf(json)).toBeLessThan(0.75);
  const reader = new ProtobufReader(POD);
  const pods = [...reader.page(protobuf.page('', 1000)).items].map((item) => toPodInfo(item, 'Pod'));
  // Labels of each of 125 gangs and of the other pods; containers, tolerations and the like once for all.
  expect(reader.valuesMade).toBeLessThan(125 + 20);
  expect(new Set(pods.map(({ labels }) => labels)).size).toBe(126);
  expect(new Set(pods.map(({ request }) => request)).size).toBe(1);
  expect(new Set(pods.map(({ constraints }) => constraints)).size).toBe(1);
  const made = reader.valuesMade;
  expect([...reader.page(protobuf.page('', 1000)).items]).toHaveLength(1000);
  expect(reader.valuesMade).toBe(made);
});
