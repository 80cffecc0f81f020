import { describe, expect, test } from 'vitest';
import { formatPlan, parsePlan } from '../../../src/intake/eviction-plan.ts';

const slots = new Map([['driver', new Map([['a', 1]])]]);
const victims = [{ namespace: 'jobs', name: 'low-1', uid: 'u-1' }];
const text = formatPlan({ id: '7', untilMs: 1000, slots, victims })!;
const changed = (change: object) => JSON.stringify({ ...(JSON.parse(text) as object), ...change });

describe('an eviction plan on a leader', () => {
  test('is read back as it was written', () => {
    expect(parsePlan(text)).toEqual({ text, id: '7', untilMs: 1000, slots, victims });
    const endless = formatPlan({ id: '7', untilMs: Infinity, slots, victims })!;
    expect(parsePlan(endless)?.untilMs).toBe(Infinity);
  });

  test('one that is too large for an annotation is not written', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ ...victims[0]!, uid: `${i}`.padStart(36, '0') }));
    expect(formatPlan({ id: '7', untilMs: 1000, slots, victims: many })).toBeUndefined();
  });

  test.each<[string, string | undefined]>([
    ['absent', undefined],
    ['empty', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another version', changed({ v: 2 })],
    ['no id', changed({ id: 7 })],
    ['no time', changed({ until: 'soon' })],
    ['no slots', changed({ slots: undefined })],
    ['slots that are none', changed({ slots: '{"v":1,"roles":{"driver":{"a":-1}}}' })],
    ['no victims', changed({ victims: [] })],
    ['victims that are no list', changed({ victims: 'jobs/low-1/u-1' })],
    ['a victim without its uid', changed({ victims: ['jobs/low-1'] })],
    ['a victim of too many parts', changed({ victims: ['jobs/low-1/u-1/status'] })],
    ['a victim that is no text', changed({ victims: [{ name: 'low-1' }] })],
    ['too many victims', changed({ victims: Array.from({ length: 10_001 }, () => 'a/b/c') })],
    ['10 MB', changed({ id: 'x'.repeat(10_000_000) })],
  ])('is not muster’s: %s', (_, written) => {
    expect(parsePlan(written)).toBeUndefined();
  });

  test('a hostile key changes nothing', () => {
    expect(parsePlan(text.replace('{', '{"__proto__":{"v":2},'))).toMatchObject({ id: '7' });
    expect(({} as { v?: number }).v).toBeUndefined();
  });
});
