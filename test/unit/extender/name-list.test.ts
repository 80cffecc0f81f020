import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameIndex, NameList } from '../../../src/extender/name-list.ts';
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
