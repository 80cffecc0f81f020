import type { Json } from '../../intake/field.ts';
import type { Decoder, Kind, Message } from './decoder.ts';
import { textOf } from './texts.ts';
import { BYTES, VARINT, type Wire } from './wire.ts';

const FIRST_BYTES = (1 << 3) | BYTES;
const FIRST_NUMBER = (1 << 3) | VARINT;
const SECOND_BYTES = (2 << 3) | BYTES;

const bytes = (read: Kind['read']): Kind => ({ wireType: BYTES, read });

type ReadText = (decoder: Decoder, end: number) => string;

const readText: ReadText = ({ wire, texts }, end) => {
  const to = wire.end(end);
  const text = texts.of(wire.bytes, wire.at, to);
  wire.at = to;
  return text;
};

const readName: ReadText = ({ wire }, end) => {
  const to = wire.end(end);
  const text = textOf(wire.bytes, wire.at, to);
  wire.at = to;
  return text;
};

/** A text that many objects have. An empty one counts as absent: JSON leaves it out. */
export const TEXT = bytes((decoder, end) => readText(decoder, end) || undefined);
/** A text of this object alone. */
export const NAME = bytes((decoder, end) => readName(decoder, end) || undefined);

export const TEXTS = bytes((decoder, end, before) => {
  const texts = (before ?? []) as string[];
  texts.push(readText(decoder, end));
  return texts;
});

export const INTEGER: Kind = { wireType: VARINT, read: ({ wire }, end) => wire.integer(end) };
export const FLAG: Kind = { wireType: VARINT, read: ({ wire }, end) => wire.integer(end) !== 0 };

/** A resource.Quantity, a message with one text. */
const readQuantity: ReadText = (decoder, end) => {
  const { wire } = decoder;
  const to = wire.end(end);
  let text = '';
  while (wire.at < to) {
    const tag = wire.tag(to);
    if (tag === FIRST_BYTES) text = readText(decoder, to);
    else wire.skip(tag & 7, to);
  }
  return text;
};

/** A meta.v1 Time, in seconds and nanoseconds; its JSON is a text (RFC 3339). An empty one is no time. */
export const TIME = bytes(({ wire, times }, end) => {
  const to = wire.end(end);
  let seconds: number | undefined;
  while (wire.at < to) {
    const tag = wire.tag(to);
    if (tag === FIRST_NUMBER) seconds = wire.integer(to);
    else wire.skip(tag & 7, to);
  }
  return seconds === undefined ? undefined : times.of(seconds);
});

/** Entries of a map from texts to texts or quantities: messages of key and value. */
const mapOf = (readValue: ReadText): Kind =>
  bytes((decoder, end, before) => {
    const { wire } = decoder;
    const map = (before ?? {}) as Record<string, string>;
    const to = wire.end(end);
    let [key, value] = ['', ''];
    while (wire.at < to) {
      const tag = wire.tag(to);
      if (tag === FIRST_BYTES) key = readText(decoder, to);
      else if (tag === SECOND_BYTES) value = readValue(decoder, to);
      else wire.skip(tag & 7, to);
    }
    if (key === '__proto__') define(map, key, value);
    else map[key] = value;
    return map;
  });

/** As JSON.parse does: an assignment would set the prototype. */
const define = (map: object, key: string, value: string) =>
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });

export const TEXT_MAP = mapOf(readText);
/** A map whose values hardly repeat, such as annotations. */
export const NAME_MAP = mapOf(readName);
export const QUANTITIES = mapOf(readQuantity);

export const one = (message: Message): Kind =>
  bytes((decoder, end, before) => decoder.into((before ?? {}) as Record<string, unknown>, message, end));

export const inline = (message: Message): Kind => ({ ...one(message), inline: message });

export const list = (message: Message): Kind =>
  bytes((decoder, end, before) => {
    const objects = (before ?? []) as Json[];
    objects.push(decoder.into({}, message, end));
    return objects;
  });

/** Of a list of things with names (field 1) the one with this name; the others are skipped. */
export function named(message: Message, name: string): Kind {
  const wanted = Buffer.from(name);
  return { ...list(message), isRead: (wire, end) => hasName(wire, end, wanted) };
}

function hasName(wire: Wire, end: number, wanted: Buffer): boolean {
  const start = wire.at;
  const to = wire.end(end);
  let isWanted = false;
  while (wire.at < to) {
    const tag = wire.tag(to);
    if (tag === FIRST_BYTES) {
      const last = wire.end(to);
      isWanted = last - wire.at === wanted.length && wanted.compare(wire.bytes, wire.at, last) === 0;
      wire.at = last;
    } else wire.skip(tag & 7, to);
  }
  wire.at = start;
  return isWanted;
}

let kinds = 0;

/** Of a field that is mostly the same in many objects: it is read once, and its value is `shared`. */
export const same = (kind: Kind, of?: Message): Kind => ({ ...kind, share: { of, what: kinds++ } });

/** Bytes `from` up to `to`, of something that is read later. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

const partOf = ({ wire }: Decoder, end: number): Part => {
  const to = wire.end(end);
  const found = { from: wire.at, to };
  wire.at = to;
  return found;
};

export const PART = bytes(partOf);

export const PARTS = bytes((decoder, end, before) => {
  const all = (before ?? []) as Part[];
  all.push(partOf(decoder, end));
  return all;
});
