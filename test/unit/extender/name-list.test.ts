import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { NameIndex, NameList } from '../../../src/extender/name-list.ts';
import { NameBook, wordsOf } from '../../../src/extender/name-book.ts';
import { scoreBytes } from '../../../src/extender/score-bytes.ts';
import { RequestSpace } from '../../../src/extender/request-space.ts';

/** Spaces and books are used again, as in a server. */
const [space, index] = [new RequestSpace(), new NameIndex()];

function read(text: string, into = space): NameList | undefined {
  const bytes = Buffer.from(text);
  into.begin(bytes.length);
  bytes.copy(into.bytes);
  return NameList.read(index, into, 1, bytes.length - 1);
}

const listOf = (names: readonly string[], into = space) => read(JSON.stringify(names), into);

function jsonOf(list: NameList, except: readonly string[] = []): string {
  list.space.answer(list.bytes);
  return list.space.out.toString('latin1', 0, list.write(0, except));
}

const nodeName = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);

test('it holds the names of the list, in its order, and no others', () => {
  fc.assert(
    fc.property(fc.uniqueArray(nodeName, { minLength: 1, maxLength: 60 }), nodeName, (names, other) => {
      const list = listOf(names)!;
      expect(list.size).toBe(names.length);
      expect(list.names()).toEqual(names);
      expect(list.first).toBe(names[0]);
      expect(jsonOf(list)).toBe(JSON.stringify(names));
      expect(names.every((name) => list.has(name))).toBe(true);
      expect(list.has(other)).toBe(names.includes(other));
    }),
  );
});

test('its JSON leaves out whom it is told to', () => {
  const mask = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(fc.uniqueArray(nodeName, { minLength: 1, maxLength: 60 }), mask, (names, isOut) => {
      const [out, left] = [names.filter((_, i) => isOut[i]), names.filter((_, i) => !isOut[i])];
      const except = [...out.reverse(), 'nobody-of-that-name.example.internal.cluster'];
      expect(jsonOf(listOf(names)!, except)).toBe(JSON.stringify(left));
    }),
  );
});

test('scores are written as JSON of their objects', () => {
  const scored = fc.uniqueArray(fc.tuple(nodeName, fc.nat(10)), { selector: ([name]) => name, minLength: 1 });
  fc.assert(
    fc.property(scored, (list) => {
      const names = listOf(list.map(([name]) => name))!;
      const scores = Uint8Array.from(list, ([, score]) => score);
      const objects = list.map(([Host, Score]) => ({ Host, Score })).filter(({ Score }) => Score > 0);
      expect(scoreBytes(scores, names).toString()).toBe(JSON.stringify(objects));
    }),
  );
});

test('rows are those of the names, also when nodes have gone and come back elsewhere', () => {
  const rows = fc.array(fc.uniqueArray(nodeName, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(nodeName, { minLength: 1, maxLength: 20 }), rows, (names, tables) => {
      const list = listOf(names)!;
      for (const table of [...tables, names]) {
        const rowOf = (name: string) => (table.includes(name) ? table.indexOf(name) : undefined);
        const found = [...list.rows({ rowOf, nameAt: (row) => table[row] ?? '' })];
        expect(found).toEqual(names.map((name) => rowOf(name) ?? -1));
        table.forEach((name, row) => expect(list.has(name, row)).toBe(names.includes(name)));
      }
    }),
  );
});

test('two lists at once each know their own names', () => {
  const [here, there] = [new RequestSpace(), new RequestSpace()];
  const [one, other] = [listOf(['n1', 'n2'], here)!, listOf(['n2', 'n3'], there)!];
  for (let i = 0; i < 2; i++) {
    expect(['n1', 'n2', 'n3'].map((name) => one.has(name))).toEqual([true, true, false]);
    expect(['n1', 'n2', 'n3'].map((name) => other.has(name))).toEqual([false, true, true]);
  }
});

test('a name is made into a string once, however often it is offered', () => {
  const texts = vi.spyOn(Buffer.prototype, 'toString');
  const names = Array.from({ length: 1000 }, (_, i) => `fresh-${i}.internal`);
  listOf(names);
  expect(texts).toHaveBeenCalledTimes(1000);
  for (let i = 0; i < 5; i++) expect(jsonOf(listOf(names.toReversed())!, ['fresh-7.internal'])).toBeDefined();
  expect(texts).toHaveBeenCalledTimes(1000 + 5);
  texts.mockRestore();
});

/** Names of the same hash: each block of eight bytes may be one of two. */
const twins = (blocks: number): string[] =>
  blocks === 0 ? [''] : twins(blocks - 1).flatMap((rest) => [`aaaaapra${rest}`, `aacaap2a${rest}`]);

test('names of one hash make the book end, not the search long', () => {
  const book = new NameBook();
  // The hash turns by 5 bits a word: words that differ in these bits cancel each other.
  const names = twins(7);
  const ids = names.map((name) => book.read(wordsOf(Buffer.from(`${name}"....`)), 0, -1));
  expect(ids.filter((id) => id >= 0)).toHaveLength(65);
  expect(book.isCrowded).toBe(true);
});

test('as many names as a large cluster has', () => {
  const names = Array.from({ length: 15_000 }, (_, i) => `ip-10-0-${i >> 8}-${i & 255}.internal`);
  const list = listOf(names)!;
  expect(list.names()).toEqual(names);
  expect(names.every((name) => list.has(name))).toBe(true);
  expect(list.has('ip-10-0-99-1.internal')).toBe(false);
});

test.each([
  ['a name twice', '["n1","n2","n1"]'],
  ['no name', '[]'],
  ['an empty name', '[""]'],
  ['a name that ends in a dash', '["n1","n-"]'],
  ['capitals', '["N1"]'],
  ['an escape', '["n\\u0031"]'],
  ['a space between', '["n1", "n2"]'],
  ['a number', '["n1",2]'],
  ['a comma at the end', '["n1",]'],
  ['no closing quote', '["n1]'],
  ['a name that is too long', `["${'n'.repeat(254)}"]`],
])('%s is left to the parser of all JSON', (_what, text) => {
  expect(read(text)).toBeUndefined();
});
