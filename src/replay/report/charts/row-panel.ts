import { html, type Markup } from '../markup.ts';
import { lookOf } from '../palette.ts';
import type { Axis } from './axes.ts';
import { shortened } from './labels.ts';
import { percent } from './plot.ts';

/** A small picture with one row per policy: its name, something on a common axis, and a figure. */
export interface RowPanel {
  readonly title: string;
  readonly note: string;
  readonly x: Axis;
  readonly rows: readonly { readonly policy: string; readonly track: readonly Markup[]; readonly value: string }[];
}

export function rowPanel({ title, note, x, rows }: RowPanel): Markup {
  const grid = x.ticks.map(({ at }) => html`<i class="gx" style="left:${percent(at)}"></i>`);
  const ticks = x.ticks.map(
    ({ at, label }) => html`<span class="tx${at > 960 ? ' last' : ''}" style="left:${percent(at)}">${label}</span>`,
  );
  return html`<figure class="plot ranges">
    <figcaption><b>${title}</b> <span>${note}</span></figcaption>
    ${rows.map(
      ({ policy, track, value }, i) =>
        html`<div class="row">
          <span class="name ${lookOf(i).name}" title="${policy}">${shortened(policy)}</span>
          <div class="track">${grid}${track}</div>
          <span class="value">${value}</span>
        </div>`,
    )}
    <div class="row ticks">
      <span></span>
      <div class="track">${ticks}</div>
      <span></span>
    </div>
  </figure>`;
}

/** A bar from one place of the axis to another. */
export const rangeBar = (policy: number, from: number, to: number): Markup =>
  html`<i class="range ${lookOf(policy).name}" style="left:${percent(from)};right:${percent(1000 - to)}"></i>`;
