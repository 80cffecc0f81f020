import type { Markup } from '../markup.ts';
import { count } from '../format.ts';
import type { Aligned } from './aligned.ts';
import { clock, linearAxis, type TimeAxis } from './axes.ts';
import { stepLine } from './paths.ts';
import { markedLines, plotFigure, probes } from './plot.ts';
import { tailOf } from './room-over-time.ts';

const HEIGHT_PX = 300;

/** How many jobs waited over time, one step line per policy. */
export function queueLength(policies: readonly string[], { stepMs, bins, of }: Aligned, x: TimeAxis): Markup {
  const y = linearAxis(0, 1.1 * Math.max(1, ...of.flatMap(({ waitingJobs }) => waitingJobs)), count);
  const edges = Array.from({ length: bins + 1 }, (_, i) => x.at(i * stepMs));
  const lines = of.map(({ waitingJobs }, i) => {
    const heights = waitingJobs.map(y.at);
    const points = heights
      .map((height, bin) => [((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2, height] as const)
      .filter(([place]) => place < (x.tailAt ?? 1000));
    return { name: policies[i] ?? '', points, path: stepLine(edges, heights) };
  });
  const { drawing, over } = markedLines(lines, HEIGHT_PX);
  return plotFigure({
    title: 'Queue',
    axes: 'jobs that wait for their work to begin, over the time since the first submission',
    x,
    y,
    heightPx: HEIGHT_PX,
    drawing,
    over: [
      tailOf(x),
      ...probes((place) => {
        const bin = Math.min(bins - 1, Math.floor(x.valueAt(place) / stepMs));
        return [
          `at ${clock(x.valueAt(place))}`,
          ...of.map(({ waitingJobs }, i) => `${count(waitingJobs[bin] ?? 0)} ${policies[i]}`),
        ];
      }),
      ...over,
    ],
  });
}
