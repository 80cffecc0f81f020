import { html, type Markup } from '../markup.ts';
import { lookOf } from '../palette.ts';
import { linearAxis, type Axis } from './axes.ts';
import { mark, percent } from './plot.ts';
import { rangeBar, rowPanel } from './row-panel.ts';

/** One figure under each setting. */
export interface Spread {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly rows: readonly SpreadRow[];
}

/** The figure under one setting: a value per run, and its mean with the 95 % interval (infinite: not known). */
export interface SpreadRow {
  readonly policy: string;
  readonly values: readonly number[];
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** The true values may be larger. */
  readonly isAtLeast: boolean;
}

/** Room beside the outermost points, as a share of their distance. */
const MARGIN = 0.05;

/** One panel per figure and one row per setting: a point per run, and the mean with its interval. */
export function spreadPanels(spreads: readonly Spread[]): Markup {
  return html`<div class="panels">${spreads.map(panel)}</div>
    <p class="axes">dots: single runs; marker and bar: mean and its 95 % interval (Student's t)</p>`;
}

function panel({ title, format, rows }: Spread): Markup {
  const all = rows.flatMap(({ values, low, high }) => [...values, low, high]).filter(Number.isFinite);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = MARGIN * (most - least);
  const x = linearAxis(least - margin, most + margin, format, 3);
  const shown = rows.map((row, i) => ({
    policy: row.policy,
    track: trackOf(i, row, x),
    value: `${row.isAtLeast ? '≥ ' : ''}${format(row.mean)}`,
  }));
  return rowPanel({ title, note: '', x, rows: shown });
}

function trackOf(policy: number, { values, mean, low, high }: SpreadRow, x: Axis): Markup[] {
  const { name } = lookOf(policy);
  const dots = values.map((value) => html`<i class="dot ${name}" style="left:${percent(x.at(value))}"></i>`);
  const bar = Number.isFinite(low) ? [rangeBar(policy, x.at(low), x.at(high))] : [];
  return [...bar, ...dots, mark(policy, x.at(mean), 500)];
}
