import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { aligned } from '../../../src/replay/report/charts/aligned.ts';
import { linearAxis, logSpanAxis, timeAxis } from '../../../src/replay/report/charts/axes.ts';
import { placeLabels, shortened, type Line } from '../../../src/replay/report/charts/labels.ts';
import { cellsOf } from '../../../src/replay/report/charts/occupancy.ts';
import { polyline, stepArea, stepLine } from '../../../src/replay/report/charts/paths.ts';
import { layersOf } from '../../../src/replay/report/charts/room-over-time.ts';
import { waitCdf } from '../../../src/replay/report/charts/wait-cdf.ts';
import { count, span } from '../../../src/replay/report/format.ts';
import { pngBase64 } from '../../../src/replay/report/png.ts';
import type { Series } from '../../../src/replay/result.ts';

const HOUR_MS = 3_600_000;
const zeros = (n: number) => new Array<number>(n).fill(0);
const seriesOf = (stepMs: number, work: readonly number[]): Series => {
  const rest = zeros(work.length);
  return {
    stepMs,
    work,
    partial: rest,
    starting: rest,
    reserved: rest,
    broken: rest,
    stranded: rest,
    waitingJobs: rest,
    workingJobs: rest,
  };
};

describe('series of several policies', () => {
  test('come onto the coarsest step by the means of neighbours, and a run that ended has zeros', () => {
    const { stepMs, bins, of } = aligned([
      { series: seriesOf(1000, [0.2, 0.4, 0.6, 0.8, 1]) },
      { series: seriesOf(4000, [0.5, 0.1, 0.3]) },
    ]);
    // 1000 ms: (.2 + .4 + .6 + .8) / 4 = .5, then (1 + 0 + 0 + 0) / 4, then nothing.
    expect({ stepMs, bins }).toEqual({ stepMs: 4000, bins: 3 });
    expect(of.map(({ work }) => work)).toEqual([
      [0.5, 0.25, 0],
      [0.5, 0.1, 0.3],
    ]);
  });

  test('keep their mean over time, and have few enough bins for a picture', () => {
    const values = Array.from({ length: 512 }, (_, i) => (i % 7) / 7);
    const { stepMs, bins, of } = aligned([{ series: seriesOf(1000, values) }]);
    expect({ stepMs, bins }).toEqual({ stepMs: 2000, bins: 256 });
    const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value) / some.length;
    expect(mean(of[0]?.work ?? [])).toBeCloseTo(mean(values), 12);
  });
});

describe('the time axis', () => {
  test('is linear where the runs end soon after the last submission', () => {
    const axis = timeAxis(10 * HOUR_MS, 12 * HOUR_MS);
    expect(axis.tailAt).toBeUndefined();
    // The last step of a series may end after the run.
    expect([0, 6, 12, 13].map((hours) => axis.at(hours * HOUR_MS))).toEqual([0, 500, 1000, 1000]);
  });

  test('gives most of its width to the submission window and compresses a long tail', () => {
    const axis = timeAxis(10 * HOUR_MS, 145 * HOUR_MS);
    expect(axis.tailAt).toBe(800);
    expect([5, 10, 77.5, 145].map((hours) => axis.at(hours * HOUR_MS))).toEqual([400, 800, 900, 1000]);
    expect(axis.ticks.at(-1)).toEqual({ at: 1000, label: '6 d' });
  });

  test.each([0, 100, 799, 800, 801, 1000])('says which time is at place %d', (place) => {
    const axis = timeAxis(10 * HOUR_MS, 145 * HOUR_MS);
    expect(axis.at(axis.valueAt(place))).toBe(place);
  });

  test('stands without a window: all jobs came at once', () => {
    expect(timeAxis(0, 0).at(0)).toBe(0);
    expect(timeAxis(0, HOUR_MS).at(HOUR_MS)).toBe(1000);
  });
});

describe('other axes', () => {
  test('spans are logarithmic from 1 s on', () => {
    const axis = logSpanAxis(10_000_000);
    expect([0, 1000, 100_000, 10_000_000].map(axis.at)).toEqual([0, 0, 500, 1000]);
    expect(axis.ticks.map(({ label }) => label)).toEqual(['1s', '10s', '1m', '10m', '1h']);
    expect(axis.valueAt(500)).toBeCloseTo(100_000, 6);
  });

  test('a short logarithmic axis has finer ticks, and none of nothing breaks it', () => {
    expect(logSpanAxis(600_000, 100_000).ticks.map(({ label }) => label)).toEqual(['2m', '5m', '10m']);
    expect(logSpanAxis(0, Infinity).at(0)).toBe(0);
  });

  test('names of ticks have room on the narrowest plot', () => {
    for (const top of [2, 3, 5, 9, 20, 50, 200, 1000].map((hours) => hours * HOUR_MS)) {
      for (const low of [1000, top / 2, top / 5, top / 20, top / 90]) {
        const places = logSpanAxis(top, low).ticks.map(({ at }) => at);
        expect(places.length, `${low} to ${top}`).toBeGreaterThan(0);
        for (const [i, at] of places.entries())
          if (i > 0) expect(at - (places[i - 1] ?? 0)).toBeGreaterThanOrEqual(130);
      }
    }
  });

  test('linear axes have ticks at round numbers, of minutes for spans', () => {
    expect(linearAxis(0, 43, count).ticks.map(({ label }) => label)).toEqual(['0', '20', '40']);
    expect(linearAxis(-0.5, 10, count).ticks[0]?.label).toBe('0');
    expect(linearAxis(500_000, 2_000_000, span).ticks.map(({ label }) => label)).toEqual(['10m', '20m', '30m']);
  });
});

describe('paths', () => {
  test('steps go along the edges, and equal neighbours are one step', () => {
    expect(stepLine([0, 10, 20, 30], [0, 400, 400])).toBe('M0 1000H10V600H30');
    expect(stepArea([0, 10, 20, 30], [100, 400, 400])).toBe('M0 1000V900H10V600H30V1000Z');
    expect(stepArea([0, 10], [0])).toBe('');
  });

  test('a line leaves repeated points out', () => {
    expect(polyline([[0, 0], [0, 0], [5, 1000]])).toBe('M0 1000L5 0'); // prettier-ignore
  });

  test('each kind of room stands on those below it; empty kinds are left out', () => {
    const room = { ...seriesOf(1000, [0.5, 0.25]), partial: [0.25, 0], reserved: [0, 0.5] };
    expect(layersOf(room)).toMatchObject([
      { key: 'reserved', tops: [750, 750] },
      { key: 'partial', tops: [750, 250] },
      { key: 'work', tops: [500, 250] },
    ]);
  });
});

describe('the curve of waits', () => {
  /** The path of the only line. */
  const pathOf = (quantilesMs: readonly (number | null)[]) =>
    / d="([^"]*)"/.exec(String(waitCdf([{ policy: 'a', quantilesMs }])))?.[1];

  test('goes from the least wait to the longest', () => {
    // 1 s is at place 0, 10 s in the middle, 100 s at the end.
    expect(pathOf([1000, 10_000, 100_000])).toBe('M0 1000L500 500L1000 0');
  });

  test('stays level from the share of jobs on that never began', () => {
    expect(pathOf([1000, 10_000, 100_000, null, null])).toBe('M0 1000L500 750L1000 500');
    expect(pathOf([1000, 1000, null, null, null])).toBe('M0 1000L0 750L1000 750');
  });
});

describe('names beside lines', () => {
  const fan = (n: number): Line[] =>
    Array.from({ length: n }, (_, i) => ({
      name: `policy number ${i}`,
      points: Array.from({ length: 101 }, (_, k) => [k * 10, Math.round((k * 10 * (i + 1)) / n)] as const),
    }));

  /** The boxes in pixels on the narrowest plot, with letters of 7 pixels. */
  const boxes = (lines: readonly Line[], height: number) =>
    placeLabels(lines, height).flatMap((label) => {
      if (!label) return [];
      const width = 7 * label.text.length;
      const left = label.x * 0.28 + (label.side === 'right' ? 8 : -8 - width);
      const middle = ((1000 - label.y) / 1000) * height + label.dropPx;
      return [{ left, right: left + width, top: middle - 9, bottom: middle + 9 }];
    });

  test.each([1, 2, 5, 8])('%d names have places of their own within the plot', (n) => {
    const all = boxes(fan(n), 300);
    expect(all).toHaveLength(n);
    for (const [i, a] of all.entries()) {
      expect(a.left).toBeGreaterThanOrEqual(0);
      expect(a.right).toBeLessThanOrEqual(280);
      for (const b of all.slice(0, i))
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
    }
  });

  test('a name stands where it is clear whose it is, even if it hides a part of another line there', () => {
    // The lines are one until the middle, with much room around them. Then they are 15 pixels apart.
    const line = (i: number): Line => ({
      name: `policy ${i}`,
      points: Array.from({ length: 51 }, (_, k) => [k * 20, k <= 25 ? 500 : 425 + 50 * i]),
    });
    for (const label of placeLabels([0, 1, 2, 3].map(line), 300)) expect(label?.x).toBeGreaterThan(530);
  });

  test('dots that are near to each other have their names above and below', () => {
    const dots = [240, 830].map((x): Line => ({ name: 'a policy with name', points: [[x, 300]] }));
    expect(placeLabels(dots, 300)).not.toContain(undefined);
  });

  test('a long name keeps its beginning and its end', () => {
    expect(shortened('spark queue.blockAfter=10m')).toBe('spark qu…After=10m');
    expect(shortened('muster')).toBe('muster');
  });
});

describe('the occupancy picture', () => {
  test('has the cells under the places of the time axis', () => {
    const axis = timeAxis(8 * HOUR_MS, 8 * HOUR_MS);
    const [row, second] = cellsOf(
      { stepMs: 4 * HOUR_MS, nodesPerRow: 1, bound: ['93', '00'], stranded: ['02', '90'] },
      axis,
    );
    expect([row?.length, row?.[0], row?.[95], row?.[96], row?.[191]]).toEqual([192, 90, 90, 32, 32]);
    expect([second?.[0], second?.[191]]).toEqual([9, 0]);
  });

  test('is a PNG whose pixels are the cells', () => {
    const rows = [[0, 1, 2], [2, 1, 0]]; // prettier-ignore
    const file = Buffer.from(
      pngBase64(rows, [
        [0, 0, 0, 0],
        [1, 2, 3, 128],
        [9, 9, 9, 255],
      ]),
      'base64',
    );
    const chunks = new Map<string, Buffer>();
    for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
      chunks.set(file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
    }
    expect([...chunks.keys()]).toEqual(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
    expect([chunks.get('IHDR')?.readUInt32BE(0), chunks.get('IHDR')?.readUInt32BE(4)]).toEqual([3, 2]);
    expect([...inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0))]).toEqual([0, 0, 1, 2, 0, 2, 1, 0]);
    expect([...(chunks.get('tRNS') ?? [])]).toEqual([0, 128, 255]);
  });
});
