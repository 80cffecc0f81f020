import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeName } from '../support/cluster.ts';
import { listedNode, runningPod } from '../support/wire-bodies.ts';

/**
 * The part of an API server that a start needs: lists of nodes and running pods in pages (their numbers are the
 * arguments), and watches without events. Each object is a template with its names filled in, so that this process
 * takes little time.
 */
const [nodes, pods] = process.argv.slice(2, 4).map(Number) as [number, number];
const VERSION = '1';
const NAME = '@name@';
const PLACE = '@node@';
const GANG_SIZE = 10;
const GANG = '@gang@';

const nodeParts = JSON.stringify(listedNode(NAME)).split(NAME);
/** Half of the pods are members of gangs. */
const memberText = JSON.stringify(runningPod(NAME, PLACE, GANG));
const foreignText = JSON.stringify(runningPod(NAME, PLACE));

const podText = (i: number) => {
  const text = i % 2 === 0 ? memberText : foreignText;
  const gang = `gang-${Math.floor(i / 2 / GANG_SIZE)}`;
  return text
    .replaceAll(NAME, `pod-${i}`)
    .replaceAll(PLACE, nodeName(i % nodes))
    .replaceAll(GANG, gang);
};

const LISTS: Readonly<Record<string, { readonly count: number; readonly text: (i: number) => string }>> = {
  '/api/v1/nodes': { count: nodes, text: (i) => nodeParts.join(nodeName(i)) },
  '/api/v1/pods': { count: pods, text: podText },
};
const NOTHING = { count: 0, text: () => '' };

function page({ pathname, searchParams }: URL): string {
  const { count, text } = LISTS[pathname] ?? NOTHING;
  const from = Number(searchParams.get('continue') ?? 0);
  const to = Math.min(count, from + Number(searchParams.get('limit') ?? count));
  const more = to < count ? `,"continue":"${to}"` : '';
  const items = Array.from({ length: to - from }, (_, i) => text(from + i));
  return `{"metadata":{"resourceVersion":"${VERSION}"${more}},"items":[${items.join(',')}]}`;
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://api');
  response.setHeader('content-type', 'application/json');
  if (url.searchParams.has('watch')) return void response.flushHeaders();
  if (request.method !== 'GET') return void response.end('{}');
  response.end(page(url));
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port} ${memberText.length}`);
});
