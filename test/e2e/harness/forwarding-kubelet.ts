import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The subprotocol in which the kubelet forwards ports over a WebSocket: a byte that names the channel, then data. */
const PROTOCOL = 'v4.channel.k8s.io';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [DATA, ERROR] = [0, 1];
const [BINARY, CLOSE, PING, PONG] = [2, 8, 9, 10];

/** Where the containers of a pod listen on this machine, by the port in the pod. */
export type PodPorts = Readonly<Record<string, Readonly<Record<number, number>>>>;

/**
 * Plays the part of a kubelet that forwards ports: `/portForward/NAMESPACE/POD?port=N`, to which the API server passes a
 * WebSocket on. The two channels of a port begin with the port's number, as the kubelet's do.
 */
export class ForwardingKubelet {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  /** The pods to which a port was forwarded, `namespace/pod:port`, each connection once. */
  readonly forwarded: string[] = [];

  /** @param pods by `namespace/pod` */
  constructor(tls: { readonly cert: string; readonly key: string }, pods: PodPorts) {
    this.#server = createServer(tls, (_request, response) => void response.writeHead(404).end());
    this.#server.on('upgrade', (request, socket: Duplex) => {
      const url = new URL(request.url!, 'https://kubelet');
      const pod = /^\/portForward\/([^/]+\/[^/]+)$/.exec(url.pathname)?.[1] ?? '';
      const port = Number(url.searchParams.get('port') ?? url.searchParams.get('ports'));
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
      if (!offered.includes(PROTOCOL)) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      this.forwarded.push(`${pod}:${port}`);
      this.#sockets.add(socket);
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      socket.write(
        [...head, `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${PROTOCOL}`, '', ''].join('\r\n'),
      );
      join(socket, port, pods[pod]?.[port]);
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** Breaks every connection, as the end of a pod does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

function join(web: Duplex, port: number, local: number | undefined): void {
  const name = Buffer.from([port & 0xff, port >> 8]);
  for (const channel of [DATA, ERROR]) web.write(frame(BINARY, Buffer.concat([Buffer.of(channel), name])));
  const fail = (why: string) => {
    web.write(frame(BINARY, Buffer.concat([Buffer.of(ERROR), Buffer.from(why)])));
    web.end(frame(CLOSE, Buffer.alloc(0)));
  };
  if (local === undefined) return fail(`unable to listen on port ${port}: connection refused`);
  const pod: Socket = connect(local, '127.0.0.1');
  pod.on('data', (chunk: Buffer) => web.write(frame(BINARY, Buffer.concat([Buffer.of(DATA), chunk]))));
  pod.on('error', (error) => fail(error.message));
  pod.on('close', () => web.end(frame(CLOSE, Buffer.alloc(0))));
  web.on('error', () => pod.destroy()).on('close', () => pod.destroy());
  readFrames(web, (opcode, data) => {
    if (opcode === CLOSE) pod.end();
    else if (opcode === PING) web.write(frame(PONG, data));
    else if (data[0] === DATA) pod.write(data.subarray(1));
  });
}

/** One whole frame from a server, which masks nothing. */
function frame(opcode: number, data: Buffer): Buffer {
  const head = data.length < 126 ? Buffer.of(0x80 | opcode, data.length) : Buffer.alloc(10);
  if (data.length >= 126) {
    head.writeUInt8(0x80 | opcode, 0);
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  return Buffer.concat([head, data]);
}

function readFrames(web: Duplex, take: (opcode: number, data: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  web.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let whole = frameIn(rest); whole; whole = frameIn(rest)) {
      take(whole.opcode, whole.data);
      rest = rest.subarray(whole.bytes);
    }
  });
}

/** The first frame of a client, unmasked; undefined: it is not whole yet. */
function frameIn(bytes: Buffer): { opcode: number; data: Buffer; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const extra = short === 127 ? 8 : short === 126 ? 2 : 0;
  const isMasked = (bytes[1]! & 0x80) !== 0;
  const at = 2 + extra + (isMasked ? 4 : 0);
  if (bytes.length < at) return undefined;
  const length = extra === 8 ? Number(bytes.readBigUInt64BE(2)) : extra === 2 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < at + length) return undefined;
  const data = Buffer.from(bytes.subarray(at, at + length));
  if (isMasked) for (let i = 0; i < data.length; i++) data[i]! ^= bytes[2 + extra + (i % 4)]!;
  return { opcode: bytes[0]! & 0x0f, data, bytes: at + length };
}
