import type { NameList } from './name-list.ts';

const wordOf = (text: string) => Buffer.from(text, 'latin1').readInt32LE();

/** `{"Host":"name","Score":5},` in words of four bytes, with the name and its quotes from the request. */
const HOST = [wordOf('{"Ho'), wordOf('st":')] as const;
const SCORE = [wordOf(',"Sc'), wordOf('ore"')] as const;
/** By score from 0 to 10. That of 10 has a fifth byte, a comma. */
const ENDS = Int32Array.from({ length: 11 }, (_, score) => wordOf(`:${score}},`));
const [OPENING, CLOSING, COMMA] = [0x5b, 0x5d, 0x2c];
/** Bytes of an entry beside its name. */
const FRAME = '{"Host":"","Score":10},'.length;
/** A word may begin at the last byte of a name. */
const SLACK = 8;

/** HostPriorityList as bytes of the list's space. @param scores 0 to 10 for each name in their order; 0 is left out */
export function scoreBytes(scores: Uint8Array, list: NameList): Buffer {
  const { space, size, book } = list;
  space.answer(list.bytes + size * FRAME + SLACK);
  const { words, out, outWords, starts, ids } = space;
  let at = 1;
  for (let i = 0; i < size; i++) {
    const score = scores[i]!;
    if (score === 0) continue;
    outWords.setInt32(at, HOST[0], true);
    outWords.setInt32(at + 4, HOST[1], true);
    at += 8;
    const [from, length] = [starts[i]! - 1, book.lengthOf(ids[i]!) + 2];
    for (let k = 0; k < length; k += 4) outWords.setInt32(at + k, words.getInt32(from + k, true), true);
    at += length;
    outWords.setInt32(at, SCORE[0], true);
    outWords.setInt32(at + 4, SCORE[1], true);
    outWords.setInt32(at + 8, ENDS[score]!, true);
    at += 12;
    if (score === 10) out[at++] = COMMA;
  }
  out[0] = OPENING;
  // Instead of the last comma.
  at = Math.max(at - 1, 1);
  out[at] = CLOSING;
  return out.subarray(0, at + 1);
}
