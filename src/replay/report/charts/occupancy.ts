import type { Occupancy } from '../../result.ts';
import { html, type Markup } from '../markup.ts';
import { pngBase64, type Rgba } from '../png.ts';
import type { TimeAxis } from './axes.ts';

const COLUMNS = 192;
const LEVELS = 10;
const BOUND = [47, 127, 147] as const;
const STRANDED = [226, 142, 38] as const;

/** Ink for each pair of levels: bound room and stranded room mix, free room is transparent, so that the page shows. */
const PALETTE: readonly Rgba[] = Array.from({ length: LEVELS * LEVELS }, (_, index) => {
  const [bound, stranded] = [Math.floor(index / LEVELS) / 9, (index % LEVELS) / 9];
  const ink = Math.min(1, bound + stranded);
  const mixed = (i: 0 | 1 | 2) => Math.round((BOUND[i] * bound + STRANDED[i] * stranded) / (bound + stranded || 1));
  return [mixed(0), mixed(1), mixed(2), Math.round(255 * ink)];
});

/** Node by time under one policy: each row is a node or a group of neighbouring nodes, on the time axis of the page. */
export function occupancyPicture(policy: string, occupancy: Occupancy, x: TimeAxis): Markup {
  const rows = cellsOf(occupancy, x);
  const nodes = occupancy.nodesPerRow === 1 ? 'one node per row' : `${occupancy.nodesPerRow} nodes per row`;
  return html`<div class="occupancy">
    <img
      alt="bound and stranded cpu by node and time under ${policy}"
      src="data:image/png;base64,${pngBase64(rows, PALETTE)}"
    /><span>${nodes}</span>
  </div> `;
}

/** Per row of nodes, the palette index of each column; the columns are at equal distances on the page. */
export function cellsOf({ stepMs, bound, stranded }: Occupancy, x: TimeAxis): number[][] {
  const bins = Array.from({ length: COLUMNS }, (_, i) => Math.floor(x.valueAt(((i + 0.5) * 1000) / COLUMNS) / stepMs));
  const level = (row: string | undefined, bin: number) => Number(row?.[bin] ?? 0);
  return bound.map((row, node) => bins.map((bin) => level(row, bin) * LEVELS + level(stranded[node], bin)));
}
