import { html, type Markup } from '../markup.ts';
import { lookOf } from '../palette.ts';
import { pairedDifference } from '../paired.ts';
import { linearAxis, type Axis } from './axes.ts';
import { shortened } from './labels.ts';
import { mark, percent } from './plot.ts';

/** One figure under each policy, with a value per run. */
export interface Spread {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly values: readonly (readonly number[])[];
}

/** Room beside the outermost points, as a share of their distance. */
const MARGIN = 0.05;

/** One panel per figure and one row per policy: a point per run, and the mean with its 95 % interval. */
export function spreadPanels(policies: readonly string[], spreads: readonly Spread[]): Markup {
  return html`<div class="panels">${spreads.map((spread) => panel(policies, spread))}</div>
    <p class="axes">dots: single runs; marker and bar: mean and its 95 % interval (Student's t)</p>`;
}

function panel(policies: readonly string[], { title, format, values }: Spread): Markup {
  const intervals = values.map(intervalOf);
  const all = [...values.flat(), ...intervals.flatMap(({ low, high }) => [low, high])].filter(Number.isFinite);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const x = linearAxis(least - MARGIN * (most - least), most + MARGIN * (most - least), format, 3);
  return html`<figure class="plot ranges">
    <figcaption><b>${title}</b></figcaption>
    ${policies.map(
      (policy, i) =>
        html`<div class="row">
          <span class="name ${lookOf(i).name}" title="${policy}">${shortened(policy)}</span>
          <div class="track">
            ${x.ticks.map(({ at }) => html`<i class="gx" style="left:${percent(at)}"></i>`)}${runsOf(i, values[i] ?? [], intervals[i]!, x)}
          </div>
          <span class="value">${format(intervals[i]!.mean)}</span>
        </div>`,
    )}
    <div class="row ticks">
      <span></span>
      <div class="track">
        ${x.ticks.map(({ at, label }) => html`<span class="tx" style="left:${percent(at)}">${label}</span>`)}
      </div>
      <span></span>
    </div>
  </figure> `;
}

/** The mean of one policy's runs is its difference to 0. */
const intervalOf = (values: readonly number[]) =>
  pairedDifference(
    values.map(() => 0),
    values,
  );

function runsOf(
  policy: number,
  values: readonly number[],
  { mean, low, high }: ReturnType<typeof intervalOf>,
  x: Axis,
) {
  const { name } = lookOf(policy);
  const dots = values.map((value) => html`<i class="dot ${name}" style="left:${percent(x.at(value))}"></i>`);
  const bar = Number.isFinite(low)
    ? html`<i class="range ${name}" style="left:${percent(x.at(low))};right:${percent(1000 - x.at(high))}"></i>`
    : html``;
  return [bar, ...dots, mark(policy, x.at(mean), 500)];
}
