import { describe, expect, test } from 'vitest';
import { executorFigures } from '../../../../src/intake/spark/executor-summaries.ts';
import { reportOf } from '../../../../src/intake/spark/report.ts';

const read = (list: unknown) => Object.fromEntries(executorFigures(JSON.stringify(list)));
/** As Spark 3.5 writes it; fields that muster does not read are left out in part. */
const executor = {
  id: '1',
  hostPort: '10.0.0.7:40123',
  isActive: true,
  rddBlocks: 2,
  memoryUsed: 1024,
  diskUsed: 512,
  totalCores: 4,
  activeTasks: 3,
  totalDuration: 90_500,
  totalShuffleWrite: 4096,
  addTime: '2026-11-21T08:00:00.000GMT',
};

describe('what a driver says of its executors', () => {
  test('time in tasks, and bytes that would have to be made again; not of the driver itself', () => {
    expect(read([{ ...executor, id: 'driver' }, executor])).toEqual({ 1: { taskSeconds: 90.5, keptBytes: 5632 } });
  });

  test.each<[string, object]>([
    ['missing', { id: '1' }],
    ['null', { id: '1', totalDuration: null, totalShuffleWrite: null }],
    ['negative', { id: '1', totalDuration: -1, diskUsed: -5 }],
    ['text', { id: '1', totalDuration: '90500' }],
    ['past all sense', { id: '1', totalDuration: 1e300, memoryUsed: 2 ** 70 }],
  ])('an amount that is %s says nothing', (_, one) => {
    expect(read([one])).toEqual({ 1: { taskSeconds: 0, keptBytes: 0 } });
  });

  test('one without an id is nobody; a hostile id is a key like any other', () => {
    expect(read([{ totalDuration: 1 }])).toEqual({});
    expect(executorFigures('[{"id":"__proto__","totalDuration":1000}]').get('__proto__')?.taskSeconds).toBe(1);
  });

  test.each(['', '{', '<html>', 'null', '{}', '"x"', '[1]', '[null]', '[{"id":1}]'])('%s is refused', (text) => {
    expect(() => executorFigures(text)).toThrow(/^executors/);
  });

  test('more executors than any app has are refused', () => {
    expect(() => executorFigures(JSON.stringify(Array.from({ length: 100_001 }, () => ({}))))).toThrow(/100000/);
  });
});

test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
  ['by default', {}, 4040],
  ['said', { 'spark.ui.port': '4041' }, 4041],
  ['off', { 'spark.ui.enabled': 'false' }, undefined],
  ['a free port, that nobody knows', { 'spark.ui.port': '0' }, undefined],
  ['no port', { 'spark.ui.port': '70000' }, undefined],
  ['no number', { 'spark.ui.port': '40x' }, undefined],
])('the port of the driver’s UI: %s', (_, conf, port) => {
  expect(reportOf(new Map(Object.entries(conf)), 'app').reportsAt?.port).toBe(port);
});
