import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListPages, type Format, type Listed } from '../support/list-pages.ts';
import { listedNode, runningPod } from '../support/wire-bodies.ts';

/**
 * The part of an API server that a start needs: lists of nodes and running pods in pages (their numbers are the
 * arguments), as JSON and in protobuf, and watches without events.
 */
const [nodes, pods] = process.argv.slice(2, 4).map(Number) as [number, number];
const GANG_SIZE = 10;

const padded = (i: number, digits: number) => String(i).padStart(digits, '0');
/** Names of one length, as long as in public clouds. */
const nodeName = (i: number) => `ip-10-${padded(i, 10)}.eu-west-1.compute.internal`;
const podName = (i: number) => `pod-${padded(i, 8)}`;
const gangName = (i: number) => `gang-${padded(i, 8)}`;

const NODE_HOLE = 'ip-10-NNNNNNNNNN.eu-west-1.compute.internal';
const POD_HOLE = 'pod-PPPPPPPP';
const GANG_HOLE = 'gang-GGGGGGGG';

const NODES: Listed = {
  kind: 'Node',
  count: nodes,
  patterns: [listedNode(NODE_HOLE)],
  holes: [NODE_HOLE],
  texts: (i) => [nodeName(i)],
};
const PODS: Listed = {
  kind: 'Pod',
  count: pods,
  // Half of the pods are members of gangs.
  patterns: [runningPod(POD_HOLE, NODE_HOLE, GANG_HOLE), runningPod(POD_HOLE, NODE_HOLE)],
  holes: [POD_HOLE, NODE_HOLE, GANG_HOLE],
  texts: (i) => [podName(i), nodeName(i % nodes), gangName(Math.floor(i / 2 / GANG_SIZE))],
};

const TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  protobuf: 'application/vnd.kubernetes.protobuf',
};
const both = (listed: Listed) => ({ json: new ListPages(listed, 'json'), protobuf: new ListPages(listed, 'protobuf') });
const LISTS: Readonly<Record<string, Readonly<Record<Format, ListPages>>>> = {
  '/api/v1/nodes': both(NODES),
  '/api/v1/pods': both(PODS),
};
const NOTHING = '{"metadata":{"resourceVersion":"1"},"items":[]}';

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
  // The other lists of pods are those of succeeded ones.
  const list = searchParams.has('labelSelector') ? undefined : LISTS[pathname];
  const format: Format = list && request.headers.accept?.includes(TYPES.protobuf) ? 'protobuf' : 'json';
  response.setHeader('content-type', TYPES[format]);
  if (searchParams.has('watch')) return void response.flushHeaders();
  if (request.method !== 'GET') return void response.end('{}');
  if (!list) return void response.end(NOTHING);
  response.end(list[format].page(searchParams.get('continue') ?? '', Number(searchParams.get('limit'))));
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const { json, protobuf } = LISTS['/api/v1/pods']!;
  const { port } = server.address() as AddressInfo;
  process.send!(`http://127.0.0.1:${port} ${json.objectBytes} ${protobuf.objectBytes}`);
});
