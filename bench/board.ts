import { Child } from './support/child.ts';
import { HttpClient } from './support/http-client.ts';
import { summarize } from './support/statistics.ts';
import { bodyOf, candidateTexts, driverPod } from './support/wire-bodies.ts';

/**
 * What the list of gangs and the map of nodes cost, and what five consoles cost kube-scheduler:
 * node bench/run.mjs board [ROUNDS [NODES RUNNING WAITING]]
 */
const [rounds = 6, nodes = 15_000, running = 1000, waiting = 5000] = process.argv.slice(2).map(Number);
const CONSOLES = 5;
const QUESTIONS = 400;
/** kube-scheduler asks so often. */
const EVERY_MS = 10;

const server = await Child.start('board-server', ...[nodes, running, waiting].map(String));
const url = server.ready;
const candidates = candidateTexts(Math.min(nodes, 5000), 'names');

/** Reads as the console does: a window and the map whenever a tick says that there are newer ones. */
function openConsole() {
  const stop = new AbortController();
  const { signal } = stop;
  let names: number | undefined;
  const read = async (path: string) =>
    (await fetch(url + path, { signal })).json() as Promise<{ namesVersion?: number }>;
  const reading = (async () => {
    const stream = await fetch(`${url}/v1/stream`, { signal });
    for await (const part of stream.body!.pipeThrough(new TextDecoderStream(), { signal })) {
      if (!part.includes('event: tick')) continue;
      await read('/v1/board/gangs?limit=100');
      names = (await read(`/v1/board/nodes${names === undefined ? '' : `?known=${names}`}`)).namesVersion;
    }
  })().catch(() => undefined);
  return async () => {
    stop.abort();
    await reading;
  };
}

async function round(client: HttpClient, turn: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < QUESTIONS; i++) {
    // Half of them are news: gangs that are declared now, and that wait.
    const gang = i % 2 === 0 ? `new-${turn}-${i}` : `new-${turn}-${i - 1}`;
    const { us } = await client.post('/filter', bodyOf(driverPod(gang, 99, 7), candidates, i));
    times.push(us / 1000);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return times;
}

const size = async (path: string) => (await (await fetch(url + path)).arrayBuffer()).byteLength;
const { namesVersion } = (await (await fetch(`${url}/v1/board/nodes`)).json()) as { namesVersion: number };
const bytes = {
  'window of 100': await size('/v1/board/gangs?limit=100'),
  'first map': await size('/v1/board/nodes'),
  'map with known names': await size(`/v1/board/nodes?known=${namesVersion}`),
};
console.log(JSON.stringify({ nodes, running, waiting, bytes, slices: await server.ask({}) }, undefined, 1));

// Not before: the server closes connections that ask nothing.
const client = await HttpClient.open(url);
const all = { without: [] as number[], with: [] as number[] };
await round(client, -1);
for (let turn = 0; turn < rounds; turn++) {
  for (const side of turn % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
    const close = side === 'with' ? Array.from({ length: CONSOLES }, openConsole) : [];
    if (side === 'with') await new Promise((resolve) => setTimeout(resolve, 1500));
    all[side].push(...(await round(client, turn * 2 + (side === 'with' ? 1 : 0))));
    await Promise.all(close.map((one) => one()));
  }
}
const [before, after] = [all.without, all.with].map((times) => summarize('filter', 'ms', times));
console.log({ 'filter without consoles, ms': before, 'filter with five, ms': after });
server.stop();
client.close();
console.log(`p99 with five consoles / without: ${(after!.p99 / before!.p99).toFixed(2)}`);
