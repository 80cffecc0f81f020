/** Bytes that are not what they claim to be. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

const NOTHING = Buffer.alloc(0);
/** A varint of 64 bits takes ten bytes. */
const MAX_VARINT = 10;
/** No field has a tag beyond that: 2^29 - 1 is the highest number. */
const MAX_SHORT = 2 ** 32 - 1;

/**
 * Reads Protocol Buffers' wire format from `at` on. No length is believed before it was compared with the end of what
 * encloses it. Written by hand, since a library builds whole objects, and most of a pod is skipped here.
 * @see https://protobuf.dev/programming-guides/encoding
 */
export class Wire {
  bytes: Buffer = NOTHING;
  at = 0;

  /** @param end of the message that is read @returns the number of a field << 3, and its wire type @throws WireError */
  tag(end: number): number {
    const tag = this.#number(end);
    if (tag < 8 || tag > MAX_SHORT) throw new WireError(`tag ${tag}`);
    return tag;
  }

  /** Reads the length of what follows. @returns its end @throws WireError if it is not within the message */
  end(end: number): number {
    const length = this.#number(end);
    if (length < 0 || length > end - this.at)
      throw new WireError(`length ${length}, where ${end - this.at} bytes are left`);
    return this.at + length;
  }

  /** An int32, int64 or bool; inexact beyond 2^53, as in JSON. @throws WireError */
  integer(end: number): number {
    return this.#number(end);
  }

  /** @param type the wire type of a field whose tag was read @throws WireError */
  skip(type: number, end: number): void {
    if (type === BYTES) this.at = this.end(end);
    else if (type === VARINT) this.#number(end);
    else if (type === FIXED64 || type === FIXED32) this.#step(type === FIXED64 ? 8 : 4, end);
    else throw new WireError(`wire type ${type}`);
  }

  #step(by: number, end: number): void {
    if (by > end - this.at) throw new WireError('a number is cut off');
    this.at += by;
  }

  /** A varint as a signed number of 64 bits. Most have one byte. */
  #number(end: number): number {
    const { at, bytes } = this;
    const first = at < end ? bytes[at]! : 128;
    if (first < 128) {
      this.at = at + 1;
      return first;
    }
    const second = at + 1 < end ? bytes[at + 1]! : 128;
    if (second >= 128) return this.#long(end);
    this.at = at + 2;
    return (first & 127) | (second << 7);
  }

  #long(end: number): number {
    let value = 0;
    let factor = 1;
    // Seven bytes are 49 bits, which a number holds exactly.
    const last = Math.min(end, this.at + 7);
    for (let at = this.at; at < last; at++, factor *= 128) {
      const byte = this.bytes[at]!;
      value += (byte & 127) * factor;
      if (byte >= 128) continue;
      this.at = at + 1;
      return value;
    }
    return this.#longest(end);
  }

  #longest(end: number): number {
    let value = 0n;
    for (let i = 0; i < MAX_VARINT && this.at < end; i++) {
      const byte = this.bytes[this.at++]!;
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new WireError('a number is cut off or too long');
  }
}
