import type { Markup } from '../markup.ts';
import { span } from '../format.ts';
import { logSpanAxis, SHARE_AXIS, type SpanAxis } from './axes.ts';
import { polyline } from './paths.ts';
import { markedLines, plotFigure, probes } from './plot.ts';

/** The waits of one policy: quantiles 0, 0.5 % ... 100 % in ms. */
export interface WaitCurve {
  readonly policy: string;
  readonly quantilesMs: readonly number[];
}

const HEIGHT_PX = 300;

/** The share of jobs that had begun to work after a wait, one line per policy. */
export function waitCdf(curves: readonly WaitCurve[], note: string): Markup {
  const x = logSpanAxis(Math.max(0, ...curves.map(({ quantilesMs }) => quantilesMs.at(-1) ?? 0)));
  const lines = curves.map(({ policy, quantilesMs }) => {
    const points = pointsOf(quantilesMs, x);
    return { name: policy, points, path: polyline(points) };
  });
  const { drawing, over } = markedLines(lines, HEIGHT_PX);
  return plotFigure({
    title: 'Waits',
    note,
    axes: 'share of jobs that waited at most so long until their work began (logarithmic)',
    x,
    y: SHARE_AXIS,
    heightPx: HEIGHT_PX,
    drawing,
    over: [...probes((place) => textAt(place, x, curves)), ...over],
  });
}

const pointsOf = (quantilesMs: readonly number[], x: SpanAxis) =>
  quantilesMs.map((ms, i) => [x.at(ms), SHARE_AXIS.at(i / (quantilesMs.length - 1))] as const);

function textAt(place: number, x: SpanAxis, curves: readonly WaitCurve[]): string[] {
  const shares = curves.map(({ policy, quantilesMs }) => {
    const within = quantilesMs.findLastIndex((ms) => x.at(ms) <= place);
    return `${((100 * Math.max(0, within)) / Math.max(1, quantilesMs.length - 1)).toFixed(0)} % ${policy}`;
  });
  return [`waited at most ${span(x.valueAt(place))}`, ...shares];
}
