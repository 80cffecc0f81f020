import type { Json } from '../../intake/field.ts';
import { Decoder, Message } from './decoder.ts';
import { INTEGER, list, NAME, one, PART, PARTS, TEXT, type Part } from './kinds.ts';
import { WireError } from './wire.ts';

/** The content type. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
/** What every object of the API begins with in this encoding. */
const MAGIC = Buffer.from('k8s\0');

// The numbers are those of k8s.io/apimachinery/pkg/runtime/generated.proto and pkg/apis/meta/v1/generated.proto.
const TYPE = new Message({ kind: [2, TEXT] });
const UNKNOWN = new Message({ typeMeta: [1, one(TYPE)], raw: [2, PART], contentEncoding: [3, TEXT] });
const LIST_METADATA = new Message({ resourceVersion: [2, NAME], continue: [3, NAME] });
const LIST = new Message({ metadata: [1, one(LIST_METADATA)], items: [2, PARTS] });
const EVENT = new Message({ type: [1, TEXT], object: [2, one(new Message({ raw: [1, PART] }))] });
const CAUSE = new Message({ reason: [1, TEXT] });
const DETAILS = new Message({ causes: [4, list(CAUSE)] });
const STATUS = new Message({ message: [3, NAME], reason: [4, TEXT], details: [5, one(DETAILS)], code: [6, INTEGER] });

/** A kind of object that can be read from protobuf. */
export interface Resource {
  /** Such as `Pod`. */
  readonly kind: string;
  readonly message: Message;
}

/** A page of a list. */
export interface Page {
  readonly version: string;
  /** Of the next page; empty: this is the last. */
  readonly token: string;
  /** Each is read when it is taken. */
  readonly items: Iterable<unknown>;
}

export interface WatchEvent {
  readonly type: string;
  /** With type ERROR a Status. */
  readonly object: Json;
}

/**
 * Reads the lists and watch events of one resource in Kubernetes' protobuf.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
export class ProtobufReader {
  readonly #resource: Resource;
  readonly #decoder = new Decoder();

  constructor(resource: Resource) {
    this.#resource = resource;
  }

  /** How many values were read that others may have in common with the objects that they are of: for tests. */
  get valuesMade(): number {
    return this.#decoder.valuesMade;
  }

  /** @throws WireError for bytes that are no such list, also when its items are taken */
  page(bytes: Buffer): Page {
    const { kind, raw } = opened(this.#decoder, bytes, { from: 0, to: bytes.length });
    if (kind !== `${this.#resource.kind}List`) throw new WireError(`expected ${this.#resource.kind}List, got ${kind}`);
    const list = this.#decoder.object(LIST, bytes, raw.from, raw.to) as {
      metadata?: { resourceVersion?: string; continue?: string };
      items?: Part[];
    };
    const { resourceVersion = '', continue: token = '' } = list.metadata ?? {};
    return { version: resourceVersion, token, items: this.#objects(bytes, list.items ?? []) };
  }

  *#objects(bytes: Buffer, items: readonly Part[]): Generator<Json> {
    for (const { from, to } of items) yield this.#decoder.object(this.#resource.message, bytes, from, to);
  }

  /** @throws WireError for bytes that are no such event */
  event(bytes: Buffer): WatchEvent {
    const event = this.#decoder.object(EVENT, bytes, 0, bytes.length) as { type?: string; object?: { raw?: Part } };
    const { kind, raw } = opened(this.#decoder, bytes, event.object?.raw ?? { from: 0, to: 0 });
    const type = event.type ?? '';
    const expected = type === 'ERROR' ? 'Status' : this.#resource.kind;
    if (kind !== expected) throw new WireError(`expected ${expected}, got ${kind}`);
    const message = type === 'ERROR' ? STATUS : this.#resource.message;
    return { type, object: this.#decoder.object(message, bytes, raw.from, raw.to) };
  }
}

/** The Status object of a failed request. @throws WireError */
export function statusOf(bytes: Buffer): Json {
  const decoder = new Decoder();
  const { kind, raw } = opened(decoder, bytes, { from: 0, to: bytes.length });
  if (kind !== 'Status') throw new WireError(`expected Status, got ${kind}`);
  return decoder.object(STATUS, bytes, raw.from, raw.to);
}

/** The kind of the object in these bytes, and its message. */
function opened(decoder: Decoder, bytes: Buffer, { from, to }: Part): { readonly kind: string; readonly raw: Part } {
  const start = from + MAGIC.length;
  if (start > to || MAGIC.compare(bytes, from, start) !== 0) throw new WireError('not an object of Kubernetes');
  const unknown = decoder.object(UNKNOWN, bytes, start, to) as {
    typeMeta?: { kind?: string };
    raw?: Part;
    contentEncoding?: string;
  };
  const { typeMeta, raw = { from: to, to }, contentEncoding } = unknown;
  if (contentEncoding !== undefined) throw new WireError(`content encoding ${contentEncoding}`);
  return { kind: typeMeta?.kind ?? '', raw };
}
