/** A line of a chart: its name, and its points from left to right, all greater than 0. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  /** Where and how it was measured. */
  readonly caption: string;
  readonly x: string;
  /** At most as many as there are COLORS. */
  readonly curves: readonly Curve[];
}

const [WIDTH, HEIGHT] = [900, 460];
const PLOT = { left: 70, right: 540, top: 60, bottom: 370 } as const;
const LABEL_HEIGHT = 18;

/** Line colours on a light and on a dark ground; each line has its name at its end as well. */
const COLORS = [
  ['#1f6fc4', '#6cb2ff'],
  ['#b8500a', '#ff9d5c'],
  ['#1a7f4b', '#5fd49a'],
  ['#8a3fb3', '#cf97f0'],
  ['#b3265a', '#ff86ab'],
] as const;

const style = (which: 0 | 1, [ground, ink, faint]: readonly [string, string, string]) =>
  `svg{background:${ground};color:${ink}}.grid{stroke:${faint}}` +
  COLORS.map((pair, i) => `.c${i}{--line:${pair[which]}}`).join('');

const STYLE = `text{font:13px system-ui,sans-serif;fill:currentColor}.title{font-size:16px;font-weight:600}.end{text-anchor:end}
.middle{text-anchor:middle}.small{font-size:11px}.grid{stroke-width:1}.guide{stroke:currentColor;stroke-dasharray:2 5}
polyline{fill:none;stroke:var(--line);stroke-width:2}circle{fill:var(--line)}.leader{stroke:var(--line);stroke-width:1}
${style(0, ['#ffffff', '#24292f', '#e1e4e8'])}
@media (prefers-color-scheme:dark){${style(1, ['#0d1117', '#d8dee6', '#2b323b'])}}`;

/**
 * µs against a size, both axes logarithmic, as one SVG for light and dark pages. The dotted line grows as the size
 * does.
 */
export function growthSvg({ title, caption, x, curves }: Chart): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = [...new Set(points.map(([at]) => at))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const decades = [Math.floor(Math.log10(Math.min(...ys))), Math.ceil(Math.log10(Math.max(...ys)))] as const;
  const toX = scale([xs[0]!, xs.at(-1)!], [PLOT.left, PLOT.right]);
  const toY = scale([10 ** decades[0], 10 ** decades[1]], [PLOT.bottom, PLOT.top]);
  const parts = [
    text(PLOT.left, 28, title, 'title'),
    text(PLOT.left, 46, 'median of one decision; dotted: in proportion to the size', 'small'),
    ...xs.map((at) => text(toX(at), PLOT.bottom + 20, compact(at), 'middle')),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 42, x, 'middle'),
  ];
  for (let decade = decades[0]; decade <= decades[1]; decade++) {
    const y = toY(10 ** decade);
    parts.push(line('grid', [PLOT.left, y], [PLOT.right, y]), text(PLOT.left - 8, y + 4, duration(decade), 'end'));
  }
  parts.push(guide(xs, 10 ** decades[0], [toX, toY]), ...drawn(curves, [toX, toY]));
  parts.push(text(PLOT.left, HEIGHT - 14, caption, 'small'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

type Scale = (value: number) => number;

function scale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const span = Math.log(to / from) || 1;
  return (value) => start + ((end - start) * Math.log(value / from)) / span;
}

function guide(xs: readonly number[], from: number, [toX, toY]: readonly [Scale, Scale]): string {
  const to = (from * xs.at(-1)!) / xs[0]!;
  return line('guide', [PLOT.left, toY(from)], [toX(xs.at(-1)!), toY(to)]);
}

function drawn(curves: readonly Curve[], [toX, toY]: readonly [Scale, Scale]): string[] {
  const ends = curves.map(({ points }, i) => ({ i, y: toY(points.at(-1)![1]) })).sort((a, b) => a.y - b.y);
  const labels = new Map<number, number>();
  let lowest = -Infinity;
  for (const { i, y } of ends) labels.set(i, (lowest = Math.max(y, lowest + LABEL_HEIGHT)));
  return curves.map(({ name, points }, i) => {
    const at = points.map(([x, y]) => [round(toX(x)), round(toY(y))] as const);
    const [endX, endY] = at.at(-1)!;
    const y = labels.get(i)!;
    return [
      `<g class="c${i}">`,
      `<polyline points="${at.map((point) => point.join()).join(' ')}"/>`,
      ...at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3"/>`),
      line('leader', [endX + 5, endY], [endX + 16, y]),
      text(endX + 20, y + 4, name),
      '</g>',
    ].join('');
  });
}

function text(x: number, y: number, content: string, kind = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${kind && ` class="${kind}"`}>${escaped(content)}</text>`;
}

function line(kind: string, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

const compact = (value: number) => (value >= 1000 ? `${value / 1000}k` : `${value}`);

/** 10^decade µs in words. */
function duration(decade: number): string {
  if (decade >= 6) return `${10 ** (decade - 6)} s`;
  return decade >= 3 ? `${10 ** (decade - 3)} ms` : `${round(10 ** decade * 10) / 10} µs`;
}

const escaped = (content: string) => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
