import type { Metric } from './columns.ts';

/**
 * Colours of the map: one hue each, from pale to strong by lightness alone, so that they can be told apart however one
 * sees colours. What is stranded has the hue of a warning. The gang that is lit has the complement of both.
 */

export const STEPS = 24;

type Rgb = readonly [number, number, number];

const RAMPS: Readonly<Record<'light' | 'dark', Readonly<Record<'plain' | 'warn', readonly Rgb[]>>>> = {
  light: {
    plain: [
      [236, 239, 244],
      [163, 191, 235],
      [73, 118, 206],
      [20, 48, 118],
    ],
    warn: [
      [236, 239, 244],
      [244, 201, 128],
      [205, 126, 21],
      [117, 62, 0],
    ],
  },
  dark: {
    plain: [
      [35, 41, 51],
      [38, 70, 130],
      [72, 124, 219],
      [188, 213, 255],
    ],
    warn: [
      [35, 41, 51],
      [110, 66, 14],
      [206, 134, 38],
      [255, 219, 156],
    ],
  },
};

const LIT = { light: '#d6006c', dark: '#ff6fb5' } as const;

/** The colours of a metric, from none to all. */
export function rampOf(metric: Metric, theme: 'light' | 'dark'): readonly string[] {
  const stops = RAMPS[theme][metric === 'stranded' ? 'warn' : 'plain'];
  return Array.from({ length: STEPS }, (_, i) => colourAt(stops, i / (STEPS - 1)));
}

function colourAt(stops: readonly Rgb[], part: number): string {
  const place = part * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const mixed = stops[low]!.map((value, i) => Math.round(value + (stops[low + 1]![i]! - value) * (place - low)));
  return `rgb(${mixed.join(' ')})`;
}

export const litColour = (theme: 'light' | 'dark') => LIT[theme];
