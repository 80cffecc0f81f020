import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AboutView } from '../../../src/server/api/board-schemas.ts';
import { consoleFiles } from '../../../src/console/bundle.mjs';
import { madeDocument, madeExplanation, madePolicies, madeQueue, madeQueueList } from './made-answers.ts';
import { MadeCluster, type MadeSize } from './made-cluster.ts';

/** As strict as the server's own (src/server/browser-headers.ts). */
const CSP = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'"],
  ...["form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

export interface FakeMuster {
  readonly url: string;
  readonly cluster: MadeCluster;
  /** Paths with query of what was asked, the page's files apart. */
  readonly asked: string[];
  /** A second passes, and the stream says so. */
  readonly tick: () => void;
  readonly close: () => Promise<void>;
}

const ETERNAL = 'public, max-age=31536000, immutable';

/** Serves the console in front of a made cluster: for sizes and names that no real one has here. */
export async function fakeMuster(size: MadeSize): Promise<FakeMuster> {
  const cluster = new MadeCluster(size);
  const files = new Map((await consoleFiles()).map((file) => [file.path, file]));
  const streams = new Set<ServerResponse>();
  const asked: string[] = [];
  let sent = 0;
  const say = (stream: ServerResponse) => {
    stream.write(`event: tick\ndata: ${JSON.stringify(cluster.tick())}\n\n`);
    const items = cluster.decisions.slice(sent);
    if (items.length > 0)
      stream.write(`event: decisions\nid: ${items.at(-1)!.id}\ndata: ${JSON.stringify({ items })}\n\n`);
  };
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', CSP);
    const url = new URL(request.url!, 'http://localhost');
    const file = files.get(url.pathname);
    if (file) {
      response.writeHead(200, { 'content-type': file.type, 'content-encoding': 'gzip', 'cache-control': ETERNAL });
      return void response.end(Buffer.from(file.gzip, 'base64'));
    }
    asked.push(url.pathname + url.search);
    if (url.pathname === '/v1/stream') return follow(request, response);
    const answer = answerTo(cluster, url, size.odd);
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'There is no such thing.' }));
  });
  function follow(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    streams.add(response);
    request.on('close', () => streams.delete(response));
    say(response);
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cluster,
    asked,
    tick() {
      cluster.step();
      for (const stream of streams) say(stream);
      sent = cluster.decisions.length;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function answerTo(cluster: MadeCluster, url: URL, odd?: string): unknown {
  const query = Object.fromEntries(url.searchParams);
  const [first, second, ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const known = query['known'] === undefined ? undefined : Number(query['known']);
  if (url.pathname === '/v1/about')
    return AboutView.parse({
      version: '0.1.0',
      access: 'open',
      cluster: 'a made cluster',
      sees: 'all',
      isDeciding: true,
    });
  if (url.pathname === '/openapi.json') return madeDocument(odd);
  if (first !== 'v1') return undefined;
  if (second === 'decisions') return { items: cluster.decisions.slice(-200).reverse() };
  if (second === 'policies') return madePolicies();
  if (second === 'queues') return rest.length === 0 ? madeQueueList(odd) : madeQueue(rest.join('/'), odd);
  if (second === 'board' && rest[0] === 'nodes') return cluster.nodes(known);
  if (second === 'board' && rest.length === 1) return cluster.gangs(query);
  if (second === 'board') return cluster.gang(rest.slice(1).join('/'));
  if (second !== 'gangs') return undefined;
  const row = cluster.gang(rest.join('/'));
  return row && madeExplanation(row, odd);
}
