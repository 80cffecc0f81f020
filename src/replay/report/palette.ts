/** How the lines and dots of one policy look. Each of the three tells the first eight policies apart by itself. */
interface Look {
  /** On a light and on a dark page. */
  readonly colours: readonly [light: string, dark: string];
  /** SVG stroke-dasharray, in CSS pixels; '' is a solid line. */
  readonly dash: string;
  /** SVG path of the marker around the origin, within 5 units. */
  readonly marker: string;
}

/** The ground of the page, light and dark. */
export const GROUND = ['#ffffff', '#16181c'] as const;

/**
 * Every pair of colours stays distinguishable for viewers without red, green or blue cones, and every colour has a
 * contrast of at least 3 to the ground; test/unit/report/palette.test.ts computes both.
 */
const LOOKS: readonly Look[] = [
  look('#4a505a', '#c4c8d0', '', 'M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z'),
  look('#1a3ce1', '#5383b8', '7 3', 'M-3.6-3.6H3.6V3.6H-3.6Z'),
  look('#ab4006', '#de450b', '2 2.5', 'M0-4.6L4.4 3.4H-4.4Z'),
  look('#188d6d', '#98fda0', '11 3 2 3', 'M0-5L4.4 0L0 5L-4.4 0Z'),
  look('#d664b1', '#fd7e78', '5 5', 'M-1.4-4.6H1.4V-1.4H4.6V1.4H1.4V4.6H-1.4V1.4H-4.6V-1.4H-1.4Z'),
  look('#9f941c', '#f6b709', '14 4', 'M0 4.6L-4.4-3.4H4.4Z'),
  look(
    '#1396f6',
    '#46aafe',
    '7 3 2 3 2 3',
    'M-4.6-3L-3-4.6L0-1.6L3-4.6L4.6-3L1.6 0L4.6 3L3 4.6L0 1.6L-3 4.6L-4.6 3L-1.6 0Z',
  ),
  look('#571572', '#9a49fe', '2 6', 'M0-5L1.4-1.6L5-1.4L2.2.9L3.1 4.4L0 2.4L-3.1 4.4L-2.2.9L-5-1.4L-1.4-1.6Z'),
];

function look(light: string, dark: string, dash: string, marker: string): Look {
  return { colours: [light, dark], dash, marker };
}

/** The looks in the order of the policies; the ninth policy looks as the first. */
export const lookOf = (policy: number) => ({ ...LOOKS[policy % LOOKS.length]!, name: `p${policy % LOOKS.length}` });

/** A kind of room over time: what the cluster's cpu is used for. */
export interface Kind {
  readonly key: 'work' | 'partial' | 'starting' | 'reserved' | 'broken' | 'stranded';
  readonly label: string;
  readonly colours: readonly [light: string, dark: string];
}

/** The kinds of room from the axis upwards. Neighbours differ in lightness, so that they can be told apart in grey. */
export const KINDS: readonly Kind[] = [
  { key: 'work', label: 'work', colours: ['#2f7f93', '#3f93a8'] },
  { key: 'partial', label: 'partial gangs', colours: ['#e2502c', '#f0633c'] },
  { key: 'starting', label: 'starting', colours: ['#a5d3df', '#a5d3df'] },
  { key: 'reserved', label: 'reserved', colours: ['#7b62b3', '#8f77c9'] },
  { key: 'broken', label: 'broken gangs', colours: ['#3d1020', '#f6d5df'] },
  { key: 'stranded', label: 'free, but too scattered for a worker', colours: ['#f0d19c', '#5c4620'] },
];

/** The style rules of all looks and kinds: the class sets --c, and lines take their dash from it. */
export const PALETTE_STYLE = [
  ...LOOKS.map(
    ({ colours, dash }, i) =>
      `.p${i}{--c:light-dark(${colours.join()})}path.p${i}{stroke-dasharray:${dash || 'none'}}` +
      `body:has(.legend .p${i}:is(:hover,:focus)) .plot :is(.line,.mark,.label,.range):not(.p${i}){opacity:.13}`,
  ),
  ...KINDS.map(({ key, colours }) => `.${key}{--c:light-dark(${colours.join()})}`),
].join('\n');
