import { describe, expect, test } from 'vitest';
import { GROUND, KINDS, lookOf } from '../../../src/replay/report/palette.ts';

type Triple = readonly [number, number, number];

/** How the eye without one kind of cone sees linear sRGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const EYES: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  'all cones': [[1, 0, 0], [0, 1, 0], [0, 0, 1]], // prettier-ignore
  'no red cones': [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]], // prettier-ignore
  'no green cones': [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]], // prettier-ignore
  'no blue cones': [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]], // prettier-ignore
};

const channel = (hex: string, at: number) => parseInt(hex.slice(at, at + 2), 16) / 255;
const linear = (hex: string) =>
  [1, 3, 5].map((at) => {
    const value = channel(hex, at);
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
const dot = (row: Triple, [r, g, b]: Triple) => row[0] * r + row[1] * g + row[2] * b;

/** OKLab of a linear colour: https://bottosson.github.io/posts/oklab/ */
function oklab(rgb: Triple): Triple {
  const [l, m, s] = [
    Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], rgb)),
    Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], rgb)),
    Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], rgb)),
  ];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], [l, m, s]),
    dot([1.9779984951, -2.428592205, 0.4505937099], [l, m, s]),
    dot([0.0259040371, 0.7827717662, -0.808675766], [l, m, s]),
  ];
}

const seen = (hex: string, eye: readonly Triple[]) => {
  const clipped = eye.map((row) => Math.min(1, Math.max(0, dot(row, linear(hex))))) as unknown as Triple;
  return oklab(clipped);
};
const distance = (a: string, b: string, eye: readonly Triple[]) => {
  const [one, other] = [seen(a, eye), seen(b, eye)];
  return Math.hypot(...one.map((value, i) => value - other[i]!));
};
const luminance = (hex: string) => dot([0.2126, 0.7152, 0.0722], linear(hex));
const contrast = (a: string, b: string) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const eight = Array.from({ length: 8 }, (_, i) => lookOf(i));
const themes = [
  ['light', 0],
  ['dark', 1],
] as const;
const eyes = Object.entries(EYES);

describe.each(themes)('on a %s page', (_, theme) => {
  test.each(eyes)('the colours of eight policies can be told apart with %s', (_name, eye) => {
    for (const [i, { colours }] of eight.entries()) {
      for (const other of eight.slice(0, i))
        expect(
          distance(colours[theme], other.colours[theme], eye),
          `${colours[theme]} ${other.colours[theme]}`,
        ).toBeGreaterThan(0.09);
    }
  });

  test('each colour of a policy has a contrast of 3 to the ground', () => {
    for (const { colours } of eight) expect(contrast(colours[theme], GROUND[theme])).toBeGreaterThan(3);
  });

  test.each(eyes)('kinds of room that are stacked on each other can be told apart with %s', (_name, eye) => {
    for (const [i, { colours }] of KINDS.entries()) {
      const next = KINDS[i + 1];
      if (next) expect(distance(colours[theme], next.colours[theme], eye), next.key).toBeGreaterThan(0.1);
    }
  });
});

test('eight policies differ in their dashes and in their markers, too', () => {
  expect(new Set(eight.map(({ dash }) => dash)).size).toBe(8);
  expect(new Set(eight.map(({ marker }) => marker)).size).toBe(8);
});
