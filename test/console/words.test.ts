import { describe, expect, test } from 'vitest';
import { SseParser } from '../../src/console/api/sse.ts';
import { linesOf } from '../../src/console/pages/gang/lines.ts';
import { columnsOf, groupsOf, topOf } from '../../src/console/pages/nodes/columns.ts';
import { cellAt, layOut, neighbour, nodesIn } from '../../src/console/pages/nodes/layout.ts';
import { fullOf, rowsOf } from '../../src/console/pages/queues/amounts.ts';
import { inView, MOST_ROWS, nextRow } from '../../src/console/parts/grid-view.ts';
import { gangHref, hrefOf, parseRoute } from '../../src/console/state/address.ts';
import { amountText, numberText, plural } from '../../src/console/text/amount.ts';
import { expectedText, relativeText, spanText, withLocalTimes } from '../../src/console/text/time.ts';
import { fieldWords } from '../../src/console/text/words.ts';
import { madeQueues } from './support/made-answers.ts';
import { MadeCluster } from './support/made-cluster.ts';

const MINUTE_MS = 60_000;

test.each([
  [-5000, '0 s'],
  [4400, '4 s'],
  [9 * MINUTE_MS + 7000, '9 min 7 s'],
  [60_000, '1 min'],
  [59 * MINUTE_MS + 59_000, '59 min'],
  [200 * MINUTE_MS, '3 h 20 min'],
  [52 * 60 * MINUTE_MS, '2 d 4 h'],
])('a span of %i ms is %s', (ms, text) => expect(spanText(ms)).toBe(text));

test('times are told from now', () => {
  expect([relativeText(0, 1000), relativeText(0, MINUTE_MS), relativeText(5 * MINUTE_MS, 0)]).toEqual([
    'now',
    '1 min ago',
    'in 5 min',
  ]);
});

test('what is foretold does not go by', () => {
  expect([0, 9000, MINUTE_MS].map((now) => expectedText(0, now))).toEqual(['now', 'now', 'due']);
  expect(expectedText(5 * MINUTE_MS, 0)).toBe('in 5 min');
});

test('times in sentences are those of the reader; what is none stays', () => {
  const told = withLocalTimes('Starts about 2026-11-23T03:11:16.687Z, by 2026-99-99T99:99:99Z.');
  expect(told).not.toContain('03:11:16');
  expect(told).toMatch(/^Starts about .*:11, by 2026-99-99T99:99:99Z\.$/);
});

test.each([
  ['cpu', 1, '1 core'],
  ['cpu', 12.54, '12.5 cores'],
  ['memory', 1.5 * 2 ** 40, '1.5 TiB'],
  ['memory', -(2 ** 30), '-1 GiB'],
  ['hugepages-2Mi', 2 ** 21, '2 MiB'],
  ['nvidia.com/gpu', 8, '8'],
])('%s %d is %s', (resource, value, text) => expect(amountText(resource, value)).toBe(text));

test('numbers have their thousands apart, and words their number', () => {
  expect([numberText(15_000), plural(1, 'gang'), plural(1200, 'gang')]).toEqual(['15,000', '1 gang', '1,200 gangs']);
});

test('fields are words; keys of labels stay', () => {
  expect([fieldWords('blockAfter'), fieldWords('eks.amazonaws.com/capacityType')]).toEqual([
    'block after',
    'eks.amazonaws.com/capacityType',
  ]);
});

describe('addresses', () => {
  test.each(['a/b', 'a/ü?x#y%2F', 'a/b/c', 'ns/', '"><img>/&=+'])('the gang %j comes back as it was', (gang) => {
    const { page, parts } = parseRoute(gangHref(gang));
    expect([page, parts.join('/')]).toEqual(['gang', gang]);
  });

  test('a query comes back as it was, without what is empty', () => {
    const href = hrefOf('waiting', [], { search: 'a&b=ü #%', queue: '' });
    expect(parseRoute(href)).toEqual({ page: 'waiting', parts: [], query: { search: 'a&b=ü #%' } });
  });

  test.each(['', '#', '#/', '#/waiting'])('%j is the list', (hash) => expect(parseRoute(hash).page).toBe('waiting'));

  test('what is no address does no harm', () => expect(parseRoute('#/gang/%zz/%').parts).toEqual(['%zz', '%']));
});

describe('the stream', () => {
  const whole = 'id: 7\nevent: tick\ndata: {"a":1}\n\n: comment\n\nevent: decisions\ndata: one\ndata: two\r\n\r\n';
  const events = [
    { event: 'tick', data: '{"a":1}', id: '7' },
    { event: 'decisions', data: 'one\ntwo', id: undefined },
  ];

  test.each([1, 2, 3, 7, 1000])('is taken apart in pieces of %i letters', (size) => {
    const parser = new SseParser();
    const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
    expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(events);
  });

  test('that does not end an event is given up', () => {
    const parser = new SseParser();
    expect(() => {
      for (let i = 0; i < 20; i++) parser.push('x'.repeat(2 ** 20));
    }).toThrow('does not end');
  });
});

describe('rows in view', () => {
  test('few of many, and never more than the bound', () => {
    expect(inView(0, 330, 33, 5000)).toEqual({ first: 0, end: 16 });
    expect(inView(33_000, 330, 33, 5000)).toEqual({ first: 994, end: 1016 });
    expect(inView(0, 1e9, 33, 5000)).toEqual({ first: 0, end: MOST_ROWS });
  });

  test('none of none, and the last where the list became shorter', () => {
    expect(inView(0, 330, 33, 0)).toEqual({ first: 0, end: 0 });
    expect(inView(33_000, 330, 33, 3)).toEqual({ first: 2, end: 3 });
  });

  test('keys lead no further than the ends', () => {
    expect(['ArrowDown', 'End', 'PageUp', 'x'].map((key) => nextRow(key, 4, 5, 10))).toEqual([4, 4, 0, undefined]);
  });
});

describe('queues', () => {
  const queues = madeQueues();

  test('what is below a folded queue is not shown', () => {
    expect(rowsOf(queues, new Set(['prod'])).map(({ queue, level }) => [queue.path, level])).toEqual([
      ['root', 1],
      ['adhoc', 2],
      ['adhoc.anna', 3],
      ['adhoc.bo', 3],
      ['prod', 2],
      ['research', 2],
    ]);
    expect(rowsOf(queues, new Set(['root']))).toHaveLength(1);
  });

  test('a limit far away does not make the bars short', () => {
    const figures = { bound: 1, held: 10, leaving: 0, demand: 12, entitled: 8, guaranteed: 5, max: 1000 };
    expect(fullOf([figures])).toBe(12);
    expect(fullOf([{ ...figures, max: 15 }])).toBe(15);
    expect(fullOf([])).toBe(0);
  });
});

describe('the map of nodes', () => {
  const cluster = new MadeCluster({ nodes: 1000, waiting: 0, running: 0 });
  const columns = columnsOf(cluster.nodes(undefined), undefined);
  const zones = groupsOf(columns, 'topology.kubernetes.io/zone');

  test('every node is in one group; those without the label in the last', () => {
    expect(zones.map(({ name }) => name)).toEqual(['zone-a', 'zone-b', 'zone-c', 'no zone']);
    expect(zones.flatMap(({ nodes }) => nodes).sort((a, b) => a - b)).toEqual(columns.names.map((_, i) => i));
  });

  test('without names it needs those that were read before', () => {
    expect(columnsOf(cluster.nodes(1), columns).names).toBe(columns.names);
    expect(() => columnsOf(cluster.nodes(1), undefined)).toThrow('no names');
  });

  test('used, reserved and free come to the whole', () => {
    const { used, reserved, free } = columns.usage;
    for (const [i, value] of used['cpu']!.entries()) expect(value + reserved['cpu']![i]! + free['cpu']![i]!).toBe(200);
  });

  test('the colours of what is rare stand for less', () => {
    expect(topOf('used', columns.usage.used['cpu']!)).toBe(1);
    expect(topOf('stranded', columns.usage.stranded['cpu']!)).toBe(0.1);
    expect(topOf('stranded', new Uint8Array([180]))).toBe(1);
  });

  test.each([
    [1280, 600],
    [390, 400],
    [200, 120],
  ])('at %i x %i every node has one cell, and the cell has the node', (width, height) => {
    const layout = layOut(zones, width, height);
    const seen = layout.blocks.flatMap((block) =>
      Array.from({ length: Math.ceil(block.nodes.length / layout.perCell) }, (_, at) => {
        const x = block.x + (at % block.columns) * layout.step + 1;
        const y = block.y + Math.floor(at / block.columns) * layout.step + 1;
        const cell = cellAt(layout, x, y)!;
        expect([cell.block.name, cell.at]).toEqual([block.name, at]);
        return nodesIn(cell, layout.perCell);
      }),
    );
    expect(seen.flat()).toHaveLength(1000);
    expect(layout.height).toBeLessThanOrEqual(height);
  });

  test('the keys go through all groups', () => {
    const layout = layOut(zones, 800, 600);
    let cell = neighbour(layout, undefined, 'ArrowRight');
    const seen = new Set<number>();
    for (let i = 0; i < 1000 && cell; i++) {
      for (const node of nodesIn(cell, layout.perCell)) seen.add(node);
      cell = neighbour(layout, cell, 'ArrowRight');
    }
    expect(seen.size).toBe(1000);
  });
});

test('members of one role and state on one node are one line', () => {
  const place = (node: string, state: 'bound' | 'reserved', pod: string) => ({ role: 'executor', node, state, pod });
  const lines = linesOf([place('b', 'bound', 'x'), place('a', 'reserved', ''), place('b', 'bound', 'y')]);
  expect(lines.map(({ node, count, pods }) => [node, count, pods])).toEqual([
    ['b', 2, ['x', 'y']],
    ['a', 1, []],
  ]);
});
