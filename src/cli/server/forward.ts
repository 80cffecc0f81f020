import { Duplex, PassThrough, Writable } from 'node:stream';
import { PortForward, type KubeConfig } from '@kubernetes/client-node';

/** One port of one pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/**
 * A connection to a port of a pod through the API server, as `kubectl port-forward` makes it, without a port on this
 * machine that others could use.
 * @throws Error where the API server refuses it, or the kubelet cannot be reached
 */
export async function forward(config: KubeConfig, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const input = new PassThrough();
  const socket = new ForwardedSocket(input);
  const take = (use: (chunk: Buffer) => void) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        use(chunk);
        done();
      },
    });
  const output = take((chunk) => socket.push(chunk));
  const errors = take((chunk) => chunk.length > 0 && socket.destroy(new Error(chunk.toString('utf8').trim())));
  const opened: unknown = await new PortForward(config).portForward(namespace, pod, [port], output, errors, input);
  // With no retries it is a WebSocket, whose types the client library does not ship.
  const web = opened as Closing;
  socket.once('close', () => web.close());
  web.onclose = () => void (socket.readableEnded || socket.destroyed || socket.push(null));
  return socket;
}

interface Closing {
  close(): void;
  onclose: (() => void) | null;
}

/** With the methods of a TCP socket that an HTTP agent calls; there is nothing to set. */
class ForwardedSocket extends Duplex {
  readonly #input: PassThrough;
  #silence: NodeJS.Timeout | undefined;

  constructor(input: PassThrough) {
    super({ allowHalfOpen: false });
    this.#input = input;
  }

  override _read(): void {
    // The chunks come by themselves.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#input.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#input.end();
    done();
  }

  override push(chunk: Buffer | null): boolean {
    this.#silence?.refresh();
    return super.push(chunk);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#silence);
    this.#input.destroy();
    done(error);
  }

  /** Emits `timeout` where nothing comes for so long; 0: never. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    clearTimeout(this.#silence);
    this.#silence = ms > 0 ? setTimeout(() => this.emit('timeout'), ms) : undefined;
    if (onTimeout) this.once('timeout', onTimeout);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
