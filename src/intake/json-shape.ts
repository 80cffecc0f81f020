import { MusterError } from '../core/errors.ts';

/** A Pod has about 12 levels. */
const DEEPEST = 64;
/** Go writes at least this many bytes per list or object, names included; the parser makes about 60 bytes of each. */
const BYTES_PER_LIST = 8;
/** For short bodies, such as an empty request. */
const LISTS_AT_LEAST = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte outside of strings does: 1 opens a list or an object, 2 closes one, 3 opens a string. */
const KIND = new Uint8Array(256);
for (const char of '[{') KIND[char.charCodeAt(0)] = 1;
for (const char of ']}') KIND[char.charCodeAt(0)] = 2;
KIND[QUOTE] = 3;

/**
 * Finds JSON that would take far more memory or time than its length says. Nested lists take 20 times their bytes, and
 * 60 MB of brackets half a minute. One pass, before the parser sees the text; wrong JSON is the parser's business.
 * @param end where the text ends
 * @returns MUSTER_WIRE_BAD_BODY; undefined: the parser may have it
 */
export function shapeError(bytes: Buffer, end = bytes.length): MusterError | undefined {
  const most = LISTS_AT_LEAST + end / BYTES_PER_LIST;
  let [depth, lists] = [0, 0];
  for (let at = 0; at < end; at++) {
    const kind = KIND[bytes[at]!];
    if (kind === 0) continue;
    if (kind === 1) {
      if (++depth > DEEPEST) return refused(`lists and objects are nested deeper than ${DEEPEST} levels`);
      if (++lists > most) return refused('it consists of little but empty lists and objects');
    } else if (kind === 2) depth--;
    else for (at++; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
  }
  return undefined;
}

const refused = (why: string) => new MusterError('MUSTER_WIRE_BAD_BODY', `body: ${why}.`);
