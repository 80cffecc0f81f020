import { asObject, listAt, objectAt, textAt } from '../intake/field.ts';
import { readLines } from './read-lines.ts';
import type { Answer, ApiStream } from './transport.ts';
import { PROTOBUF, ProtobufReader, type Page, type Resource, type WatchEvent } from './decode/envelope.ts';
import { readFrames } from './decode/read-frames.ts';
import { WireError } from './decode/wire.ts';

const JSON_TYPE = 'application/json';
/** Not Acceptable, Unsupported Media Type. */
const REFUSALS = new Set([406, 415]);

/**
 * How the objects of one resource come from the API server: in protobuf where muster can read it, and as JSON where the
 * server prefers that, or once something was wrong with the protobuf.
 */
export class Encoding {
  #reader: ProtobufReader | undefined;

  /** @param resource absent: JSON alone */
  constructor(resource: Resource | undefined) {
    this.#reader = resource && new ProtobufReader(resource);
  }

  /** What the server is asked for. */
  get accept(): string {
    return this.#reader ? `${PROTOBUF},${JSON_TYPE}` : JSON_TYPE;
  }

  /** Whether the error is one of protobuf. From then on the server is asked for JSON. */
  givesUp(error: unknown): boolean {
    const status = (error as { readonly status?: unknown }).status;
    const isConcerned = error instanceof WireError || (typeof status === 'number' && REFUSALS.has(status));
    if (!this.#reader || !isConcerned) return false;
    this.#reader = undefined;
    return true;
  }

  /** @throws WireError, or an error of JSON.parse */
  page({ type, bytes }: Answer): Page {
    const reader = this.#readerFor(type);
    if (reader) return reader.page(bytes);
    const page = asObject(JSON.parse(bytes.toString('utf8')), 'list');
    const metadata = objectAt(page, 'metadata', 'list') ?? {};
    return {
      version: textAt(metadata, 'resourceVersion', 'list.metadata') ?? '',
      token: textAt(metadata, 'continue', 'list.metadata') ?? '',
      items: listAt(page, 'items', 'list'),
    };
  }

  /** @throws as `page` */
  async *events({ type, chunks }: ApiStream): AsyncGenerator<WatchEvent> {
    const reader = this.#readerFor(type);
    if (reader) {
      for await (const frame of readFrames(chunks)) yield reader.event(frame);
      return;
    }
    for await (const line of readLines(chunks)) {
      if (line === '') continue;
      const event = asObject(JSON.parse(line), 'watch event');
      const object = objectAt(event, 'object', 'watch event') ?? {};
      yield { type: textAt(event, 'type', 'watch event') ?? '', object };
    }
  }

  /** @returns undefined: it is JSON */
  #readerFor(type: string): ProtobufReader | undefined {
    if (!this.#reader || type.startsWith(JSON_TYPE)) return undefined;
    if (!type.startsWith(PROTOBUF)) throw new WireError(`the server sent ${type.slice(0, 80) || 'no content type'}`);
    return this.#reader;
  }
}
