/** SVG path data over places of 0..1000, with y upwards as on the axis. Repeated places are left out. */

/** @param edges places of the bins' edges, one more than heights; @param heights the figure of each bin */
export function stepLine(edges: readonly number[], heights: readonly number[]): string {
  let path = '';
  let last: number | undefined;
  heights.forEach((height, i) => {
    if (height === last) return;
    path += last === undefined ? `M${edges[i]} ${1000 - height}` : `H${edges[i]}V${1000 - height}`;
    last = height;
  });
  return path && `${path}H${edges.at(-1)}`;
}

/** The area between the axis and the step line. */
export function stepArea(edges: readonly number[], heights: readonly number[]): string {
  if (heights.every((height) => height === 0)) return '';
  return `${stepLine(edges, heights).replace(/^M(\d+) /, 'M$1 1000V')}V1000Z`;
}

/** Straight lines through the points. */
export function polyline(points: readonly (readonly [x: number, y: number])[]): string {
  const different = points.filter(([x, y], i) => i === 0 || x !== points[i - 1]?.[0] || y !== points[i - 1]?.[1]);
  return different.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${1000 - y}`).join('');
}
