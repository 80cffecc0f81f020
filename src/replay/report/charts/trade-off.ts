import type { Markup } from '../markup.ts';
import { logSpanAxis } from './axes.ts';
import { mark, names, plotFigure } from './plot.ts';

/** The two waits of one setting, in ms: the mean over all jobs, and the 95th percentile of the most urgent ones. */
export interface TradeOff {
  readonly setting: string;
  readonly meanMs: number;
  readonly urgentP95Ms: number;
  /** One of the two may be larger, since jobs had not begun. */
  readonly isAtLeast: boolean;
}

const HEIGHT_PX = 300;

/** What a setting costs all jobs against what it gives the urgent ones: one dot per setting, best at the lower left. */
export function tradeOff(settings: readonly TradeOff[]): Markup {
  const x = axisOf(settings.map(({ meanMs }) => meanMs));
  const y = axisOf(settings.map(({ urgentP95Ms }) => urgentP95Ms));
  const dots = settings.map(({ setting, meanMs, urgentP95Ms, isAtLeast }) => ({
    name: isAtLeast ? `≥ ${setting}` : setting,
    points: [[x.at(meanMs), y.at(urgentP95Ms)] as const],
  }));
  return plotFigure({
    title: 'Trade-off',
    note: 'best at the lower left',
    axes: 'across: mean wait of all jobs; up: 95th percentile of the waits of the highest priority (both logarithmic); ≥: at least, since jobs had not begun',
    x,
    y,
    heightPx: HEIGHT_PX,
    drawing: [],
    over: [
      ...settings.map(({ meanMs, urgentP95Ms }, i) => mark(i, x.at(meanMs), y.at(urgentP95Ms))),
      ...names(dots, HEIGHT_PX),
    ],
  });
}

/** With some room around the dots. */
const axisOf = (values: readonly number[]) => logSpanAxis(1.4 * Math.max(...values), Math.min(...values) / 1.4);
