import { html, NOTHING, type Markup } from '../markup.ts';
import { KINDS } from '../palette.ts';
import type { Aligned, SeriesKey } from './aligned.ts';
import { clock, SHARE_AXIS, type TimeAxis } from './axes.ts';
import { stepArea } from './paths.ts';
import { plotFigure, probes } from './plot.ts';

const HEIGHT_PX = 130;

type Bins = Readonly<Record<SeriesKey, readonly number[]>>;

/** The picture's title, a figure beside it, and the series on the aligned bins. */
interface Room {
  readonly policy: string;
  readonly note: string;
  readonly room: Bins;
}

/** What one policy used the cluster's cpu for, stacked: work at the axis, waste above it. */
export function roomOverTime({ policy, note, room }: Room, { stepMs, bins }: Aligned, x: TimeAxis): Markup {
  const edges = Array.from({ length: bins + 1 }, (_, i) => x.at(i * stepMs));
  return plotFigure({
    title: policy,
    note,
    x,
    y: SHARE_AXIS,
    heightPx: HEIGHT_PX,
    drawing: layersOf(room).map(({ key, tops }) => html`<path class="room ${key}" d="${stepArea(edges, tops)}" />`),
    over: [
      tailOf(x),
      ...probes((place) => {
        const bin = Math.min(bins - 1, Math.floor(x.valueAt(place) / stepMs));
        const shares = KINDS.filter(({ key }) => (room[key][bin] ?? 0) > 0.0005);
        return [
          `at ${clock(x.valueAt(place))}`,
          ...shares.map(({ key, label }) => `${(100 * (room[key][bin] ?? 0)).toFixed(1)} % ${label}`),
        ];
      }),
    ],
  });
}

/** Shades the part of the time axis that is compressed. */
export const tailOf = ({ tailAt }: TimeAxis): Markup =>
  tailAt === undefined ? NOTHING : html`<i class="tail" style="left:${tailAt / 10}%"><span>tail</span></i>`;

/**
 * The kinds from the top of the stack to its bottom, each with the places of its upper edge. Every layer reaches down to
 * the axis and is covered by those after it, so that only the upper edges take room in the file.
 */
export function layersOf(room: Bins): { readonly key: SeriesKey; readonly tops: readonly number[] }[] {
  const sums = new Array<number>(room.work.length).fill(0);
  const upwards = KINDS.map(({ key }) => {
    const tops = room[key].map((share, i) => SHARE_AXIS.at((sums[i] = (sums[i] ?? 0) + share)));
    return { key, tops, isEmpty: room[key].every((share) => share === 0) };
  });
  return upwards.filter(({ isEmpty }) => !isEmpty).reverse();
}
