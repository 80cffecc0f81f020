import type { Json } from '../../intake/field.ts';
import { shared } from '../../intake/interning.ts';
import { SharedValues } from './shared-values.ts';
import { Texts } from './texts.ts';
import { Times } from './times.ts';
import { Wire, WireError, type BYTES, type VARINT } from './wire.ts';

/** How the value of a field is written and read. */
export interface Kind {
  readonly wireType: typeof BYTES | typeof VARINT;
  /**
   * Reads the value from `wire.at` on. @param before the value so far: a list or a map comes in pieces
   * @returns undefined: the field counts as absent
   */
  readonly read: (decoder: Decoder, end: number, before: unknown) => unknown;
  /** Whether the value from `wire.at` on is read; absent: each is. */
  readonly isRead?: (wire: Wire, end: number) => boolean;
  /** The fields of this message are written as if they were the enclosing message's, as in the JSON of the API. */
  readonly inline?: Message;
  /** The value is the same in many objects: `of` its message, if not all of its fields are read. */
  readonly share?: { readonly of: Message | undefined; readonly what: number };
}

type Field = Kind & { readonly name: string; readonly tag: number };

/** The fields of a message that muster reads. All others are skipped. */
export class Message {
  readonly byNumber: (Field | undefined)[] = [];

  /** @param fields number and kind by name, as the .proto files of Kubernetes have them */
  constructor(fields: Readonly<Record<string, readonly [number, Kind]>>) {
    for (const [name, [number, kind]] of Object.entries(fields))
      this.byNumber[number] = { name, tag: (number << 3) | kind.wireType, ...kind };
  }
}

/**
 * Turns messages into the objects that the JSON of the API would have become, with the fields that muster reads alone:
 * what reads an object need not know how it came. Values that many objects share are read once.
 */
export class Decoder {
  readonly wire = new Wire();
  readonly texts = new Texts();
  readonly times = new Times();
  readonly #values = new SharedValues();

  /** How many values were read that others may share. */
  get valuesMade(): number {
    return this.#values.made;
  }

  /** @throws WireError for bytes that are no such message */
  object(message: Message, bytes: Buffer, from: number, to: number): Json {
    this.wire.bytes = bytes;
    this.wire.at = from;
    return this.#fields({}, message, to);
  }

  /** Reads a message with its length before it. @param out receives its fields */
  into(out: Record<string, unknown>, message: Message, end: number): Record<string, unknown> {
    return this.#fields(out, message, this.wire.end(end));
  }

  #fields(out: Record<string, unknown>, message: Message, end: number): Record<string, unknown> {
    const { wire } = this;
    while (wire.at < end) {
      const from = wire.at;
      const field = this.#field(message, end);
      if (!field) continue;
      const { name, inline } = field;
      if (inline) this.into(out, inline, end);
      else {
        const value = field.share ? this.#sharedValue(field, from, end, out[name]) : field.read(this, end, out[name]);
        if (value !== undefined) out[name] = value;
      }
    }
    return out;
  }

  /** Reads a tag. @returns undefined: the field is not one that muster reads, and was skipped */
  #field(message: Message, end: number): Field | undefined {
    const { wire } = this;
    const tag = wire.tag(end);
    const field = message.byNumber[tag >>> 3];
    if (field && field.tag !== tag) throw new WireError(`${field.name} has wire type ${tag & 7}`);
    if (field && (!field.isRead || field.isRead(wire, end))) return field;
    wire.skip(tag & 7, end);
    return undefined;
  }

  /** The value of all pieces of the field that follow each other. Kubernetes writes no field in two places. */
  #sharedValue(field: Field, from: number, end: number, before: unknown): unknown {
    if (before !== undefined) throw new WireError(`${field.name} is in two places`);
    const { wire } = this;
    this.#values.begin(field.share!.what);
    let to = from;
    for (wire.at = from; wire.at < end && wire.tag(end) === field.tag; to = wire.at) this.#addKey(field, end);
    wire.at = to;
    const { isKept } = this.#values;
    const known = isKept ? this.#values.get() : undefined;
    if (known) return known;
    let value: unknown;
    for (wire.at = from; wire.at < to;) {
      wire.tag(to);
      value = field.read(this, to, value);
    }
    if (!isKept || typeof value !== 'object' || value === null) return value;
    this.#values.put(shared(value));
    return value;
  }

  /** Adds one piece of a field to the key. A 0 ends it, which no field begins with. */
  #addKey({ share }: Field, end: number): void {
    const { wire } = this;
    const start = wire.at;
    const to = wire.end(end);
    if (!share!.of) {
      this.#values.add(wire.bytes, start, to);
      wire.at = to;
      return;
    }
    while (wire.at < to) {
      const from = wire.at;
      const field = this.#field(share!.of, to);
      if (!field) continue;
      wire.skip(field.wireType, to);
      this.#values.add(wire.bytes, from, wire.at);
    }
    this.#values.add(END, 0, 1);
  }
}

const END = Uint8Array.of(0);
