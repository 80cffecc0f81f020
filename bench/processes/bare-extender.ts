import { createServer } from 'node:http';

/**
 * An extender that decides nothing, so that only the calls cost: `pass-through` passes every node and scores none,
 * `one-name` answers one node, the next one each time. Arguments: the mode and the port.
 */
const [mode, port] = process.argv.slice(2);
let turn = 0;

interface Args {
  readonly NodeNames: readonly string[];
  readonly NodeNameToMetaVictims: unknown;
}

const ANSWERS: Readonly<Record<string, (args: Args) => unknown>> = {
  '/filter': ({ NodeNames }) => {
    return { NodeNames: mode === 'one-name' ? [NodeNames[turn++ % NodeNames.length]] : NodeNames };
  },
  '/prioritize': () => [],
  '/preempt': ({ NodeNameToMetaVictims }) => ({ NodeNameToMetaVictims }),
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const args = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Args;
    const answer = JSON.stringify(ANSWERS[request.url!]?.(args) ?? {});
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
    response.end(answer);
  });
});
// Go keeps idle connections for 90 s.
server.keepAliveTimeout = 120_000;
server.listen(Number(port), '127.0.0.1');
