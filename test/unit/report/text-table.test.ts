import { expect, test } from 'vitest';
import { textTable, wrapped } from '../../../src/replay/report/text-table.ts';

const rows = [
  { label: 'a long label of a row', short: 'short', cells: ['1', '22', '333'] },
  { label: 'other', short: 'other', cells: ['4444', '5', '6'] },
];
const columns = ['one', 'two', 'a title of many words'];

test('a line per row, numbers to the right, long titles over several lines', () => {
  expect(textTable({ columns, rows, width: 80 })).toBe(
    [
      '                                  a title of many',
      '                        one  two            words',
      'a long label of a row     1   22              333',
      'other                  4444    5                6',
    ].join('\n'),
  );
});

test('where it does not fit it takes the short labels, then several blocks', () => {
  expect(textTable({ columns, rows, width: 48 })).toBe(
    [
      '                  a title of many',
      '        one  two            words',
      'short     1   22              333',
      'other  4444    5                6',
    ].join('\n'),
  );
  expect(textTable({ columns, rows, width: 32 })).toBe(
    [
      '        one  two',
      'short     1   22',
      'other  4444    5',
      '',
      '       a title of many',
      '                 words',
      'short              333',
      'other                6',
    ].join('\n'),
  );
});

test('no columns, no rows', () => {
  expect(textTable({ columns: [], rows: [], width: 80 })).toBe('');
  expect(textTable({ columns: [], rows, width: 80 })).toBe('a long label of a row\nother');
});

test('a text is broken at its spaces, and a long word stands alone', () => {
  expect(wrapped('one two extraordinarily three', 8)).toEqual(['one two', 'extraordinarily', 'three']);
});
