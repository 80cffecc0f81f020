import { html, NOTHING, type Markup } from '../markup.ts';
import { lookOf } from '../palette.ts';
import type { Axis } from './axes.ts';
import { placeLabels, type Label, type Line } from './labels.ts';

/**
 * A picture without a script. The SVG stretches with the page and holds only lines and areas; all text and markers are
 * HTML at percentages of the plot, so that they keep their size on a phone.
 */
export interface Plot {
  readonly title: string;
  /** A figure or a remark beside the title. */
  readonly note?: string;
  /** What the axes show, in words. */
  readonly axes?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly heightPx: number;
  /** SVG elements over places of 0..1000, y downwards. */
  readonly drawing: readonly Markup[];
  /** HTML elements over the drawing: markers, names, probes. */
  readonly over?: readonly Markup[];
}

export const percent = (place: number) => `${Math.round(place) / 10}%`;

export function plotFigure({ title, note, axes, x, y, heightPx, drawing, over }: Plot): Markup {
  return html`<figure class="plot">
    <figcaption><b>${title}</b>${note ? html` <span>${note}</span>` : NOTHING}</figcaption>
    <div class="frame" style="height:${heightPx}px">
      ${gridOf(x, y)}<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">${drawing}</svg
      >${over ?? NOTHING}${ticksOf(x, y)}
    </div>
    ${axes ? html`<p class="axes">${axes}</p>` : NOTHING}
  </figure> `;
}

const gridOf = (x: Axis, y: Axis) => [
  ...x.ticks.map(({ at }) => html`<i class="gx" style="left:${percent(at)}"></i>`),
  ...y.ticks.map(({ at }) => html`<i class="gy" style="top:${percent(1000 - at)}"></i>`),
];

/** The outermost names of the x axis stay within the plot. */
const ticksOf = (x: Axis, y: Axis) => [
  ...x.ticks.map(({ at, label }) => {
    const edge = at < 40 ? ' first' : at > 960 ? ' last' : '';
    return html`<span class="tx${edge}" style="left:${percent(at)}">${label}</span>`;
  }),
  ...y.ticks.map(({ at, label }) => html`<span class="ty" style="top:${percent(1000 - at)}">${label}</span>`),
];

/** @param policy the number of the policy, for its look */
export function mark(policy: number, x: number, y: number): Markup {
  const { name, marker } = lookOf(policy);
  return html`<svg class="mark ${name}" viewBox="-6 -6 12 12" style="left:${percent(x)};top:${percent(1000 - y)}">
    <path d="${marker}" />
  </svg>`;
}

/** A line with its path, which may be another one than straight lines through its points. */
export interface DrawnLine extends Line {
  readonly path: string;
}

const MARKERS = 4;

/** Lines with their markers and names. The markers of different policies stand at different places. */
export function markedLines(lines: readonly DrawnLine[], heightPx: number) {
  const drawing = lines.map(({ path }, i) => html`<path class="line ${lookOf(i).name}" d="${path}" />`);
  const marks = lines.flatMap(({ points }, i) => {
    const inside = points.filter(([x, y]) => x > 0 && y > 0);
    const places = Array.from({ length: MARKERS }, (_, k) => (k + (i + 0.5) / lines.length) / MARKERS);
    return places.flatMap((part) => {
      const point = inside[Math.floor(part * inside.length)];
      return point ? [mark(i, ...point)] : [];
    });
  });
  return { drawing, over: [...marks, ...names(lines, heightPx)] };
}

/** The names of lines or dots, each beside its own. */
export const names = (lines: readonly Line[], heightPx: number): Markup[] =>
  placeLabels(lines, heightPx).flatMap((label, i) => (label ? [nameOf(label, i)] : []));

function nameOf({ text, x, y, side, dropPx }: Label, policy: number): Markup {
  const style = `left:${percent(x)};top:${percent(1000 - y)};margin-top:${dropPx}px`;
  return html`<span class="label ${side} ${lookOf(policy).name}" style="${style}">${text}</span>`;
}

/** Columns that show figures while the pointer is over them (or after a tap). */
export const PROBES = 24;

/** @param textAt the lines to show for the middle of a column, a place of 0..1000 */
export function probes(textAt: (place: number) => readonly string[]): Markup[] {
  return Array.from({ length: PROBES }, (_, i) => {
    const middle = ((i + 0.5) * 1000) / PROBES;
    const side = middle < 500 ? 'right' : 'left';
    return html`<i
      class="probe ${side}"
      style="left:${percent((i * 1000) / PROBES)}"
      data-at="${textAt(middle).join('\n')}"
    ></i>`;
  });
}
