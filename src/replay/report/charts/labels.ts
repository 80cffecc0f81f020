/** A line, or a dot if it has one point, that wants its name beside it. Points are places of 0..1000, y upwards. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Where a name stands: beside this place, on its left or right, and so many pixels lower. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly side: 'left' | 'right';
  readonly dropPx: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The narrowest plot that the page shows, in CSS pixels. On a wider one, names only get further apart. */
const WIDTH_PX = 280;
const LETTER_PX = 7;
const HALF_HEIGHT_PX = 9;
const GAP_PX = 8;
const MOST_LETTERS = 18;
const CANDIDATES = 60;
/** Another line this near makes it unclear whose name it is. */
const NEAR_PX = 9;

/** Leaves out the middle, because names of settings differ at their end: `spark queue.blockAfter=10m` -> `spark qu…After=10m`. */
export function shortened(name: string, most = MOST_LETTERS): string {
  const half = Math.floor((most - 1) / 2);
  return name.length <= most ? name : `${name.slice(0, half)}…${name.slice(half + 1 - most)}`;
}

/**
 * Puts each name beside its own line, so that names overlap neither each other nor, where possible, a line.
 * A name without a free place is left out (the legend has it).
 */
export function placeLabels(lines: readonly Line[], heightPx: number): (Label | undefined)[] {
  const toPx = ([x, y]: Pixel): Pixel => [(x * WIDTH_PX) / 1000, ((1000 - y) * heightPx) / 1000];
  const drawn = lines.map(({ points }) => dense(points).map(toPx));
  const taken: Box[] = [];
  return lines.map(({ name, points }, own) => {
    const text = shortened(name);
    let best: { readonly label: Label; readonly box: Box; readonly harm: number } | undefined;
    for (const label of candidates(text, points)) {
      const box = boxOf(label, toPx([label.x, label.y]));
      if (!isInside(box, heightPx) || taken.some((other) => doOverlap(box, other))) continue;
      const harm = harmOf(box, toPx([label.x, label.y]), drawn, own);
      if (!best || harm < best.harm) best = { label, box, harm };
    }
    if (best) taken.push(best.box);
    return best?.label;
  });
}

function* candidates(text: string, points: Line['points']): Generator<Label> {
  const every = Math.max(1, Math.floor(points.length / CANDIDATES));
  for (let i = points.length - 1; i >= 0; i -= every) {
    const [x, y] = points[i]!;
    for (const side of ['right', 'left'] as const) {
      for (const dropPx of [0, -12, 12, -20, 20]) yield { text, x, y, side, dropPx };
    }
  }
}

function boxOf({ text, side, dropPx }: Label, [x, y]: Pixel): Box {
  const width = text.length * LETTER_PX;
  const left = side === 'right' ? x + GAP_PX : x - GAP_PX - width;
  return { left, right: left + width, top: y + dropPx - HALF_HEIGHT_PX, bottom: y + dropPx + HALF_HEIGHT_PX };
}

const isInside = ({ left, right, top, bottom }: Box, heightPx: number) =>
  left >= 0 && right <= WIDTH_PX && top >= -HALF_HEIGHT_PX && bottom <= heightPx;

const doOverlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

type Pixel = readonly [x: number, y: number];

/** How much of the lines the box would hide, and how many other lines run close to the place that it names. */
function harmOf(box: Box, [x, y]: Pixel, drawn: readonly (readonly Pixel[])[], own: number): number {
  const isHidden = ([px, py]: Pixel) => px > box.left && px < box.right && py > box.top && py < box.bottom;
  const isNear = ([px, py]: Pixel) => Math.hypot(px - x, py - y) < NEAR_PX;
  return drawn.reduce((sum, line, i) => {
    const hidden = line.filter(isHidden).length;
    return sum + (i === own ? hidden : 4 * hidden + (line.some(isNear) ? 30 : 0));
  }, 0);
}

/** Points at most 20 places apart along the line. */
function dense(points: Line['points']): Line['points'] {
  return points.flatMap(([x, y], i) => {
    const next = points[i + 1];
    if (!next) return [[x, y] as const];
    const pieces = Math.ceil(Math.max(Math.abs(next[0] - x), Math.abs(next[1] - y)) / 20) || 1;
    return Array.from({ length: pieces }, (_, k) => {
      const part = k / pieces;
      return [x + (next[0] - x) * part, y + (next[1] - y) * part] as const;
    });
  });
}
