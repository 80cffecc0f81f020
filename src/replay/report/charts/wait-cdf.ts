import type { Markup } from '../markup.ts';
import { span } from '../format.ts';
import { logSpanAxis, SHARE_AXIS, type SpanAxis } from './axes.ts';
import type { Line } from './labels.ts';
import { polyline } from './paths.ts';
import { markedLines, plotFigure, probes } from './plot.ts';

/** The waits of one policy: quantiles 0, 0.5 % ... 100 % in ms; null from the share of jobs on that never began. */
export interface WaitCurve {
  readonly policy: string;
  readonly quantilesMs: readonly (number | null)[];
}

const HEIGHT_PX = 300;

/** The share of jobs that had begun to work after a wait, one line per policy. */
export function waitCdf(curves: readonly WaitCurve[]): Markup {
  const waits = curves.flatMap(({ quantilesMs }) => quantilesMs).filter((ms) => ms !== null);
  const isOpen = waits.length < curves.reduce((sum, { quantilesMs }) => sum + quantilesMs.length, 0);
  const x = logSpanAxis(Math.max(0, ...waits));
  const lines = curves.map(({ policy, quantilesMs }) => {
    const points = pointsOf(quantilesMs, x);
    return { name: policy, points, path: polyline(points) };
  });
  const { drawing, over } = markedLines(lines, HEIGHT_PX);
  return plotFigure({
    title: 'Waits',
    note: isOpen ? 'a line that ends below 100 %: the other jobs never began' : '',
    axes: 'share of jobs that waited at most so long until their work began (logarithmic)',
    x,
    y: SHARE_AXIS,
    heightPx: HEIGHT_PX,
    drawing,
    over: [...probes((place) => textAt(place, x, curves)), ...over],
  });
}

/** Where jobs never began, the line goes on level to the end of the axis. */
function pointsOf(quantilesMs: WaitCurve['quantilesMs'], x: SpanAxis): Line['points'] {
  const share = (i: number) => SHARE_AXIS.at(i / (quantilesMs.length - 1));
  const points = quantilesMs.flatMap((ms, i) => (ms === null ? [] : [[x.at(ms), share(i)] as const]));
  return points.length === quantilesMs.length ? points : [...points, [1000, points.at(-1)?.[1] ?? 0]];
}

function textAt(place: number, x: SpanAxis, curves: readonly WaitCurve[]): string[] {
  const shares = curves.map(({ policy, quantilesMs }) => {
    const within = quantilesMs.findLastIndex((ms) => ms !== null && x.at(ms) <= place);
    return `${((100 * Math.max(0, within)) / Math.max(1, quantilesMs.length - 1)).toFixed(0)} % ${policy}`;
  });
  return [`waited at most ${span(x.valueAt(place))}`, ...shares];
}
