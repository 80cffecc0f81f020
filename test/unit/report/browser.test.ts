import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportHtml } from '../../../src/replay/report/html.ts';
import type { PolicyResult, ReplayResult } from '../../../src/replay/result.ts';
import { closed, groupRow, policyResult, replayResult, series, STEP_MS } from '../../support/replay-result.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const QUIET = ['--disable-background-networking', '--disable-component-update'];

const POLICIES = [
  'kube-default',
  'kube-no-preemption',
  'fifo-gang',
  'whoever-fits',
  'muster',
  'muster-preempt',
  'spark queue.blockAfter=10m',
  'spark queue.blockAfter=never',
];

const MINUTE_MS = 60_000;

/** Policies that differ in every picture. */
const policyNamed = (name: string, i: number): PolicyResult => {
  const waitMs = closed({ mean: (i + 1) * MINUTE_MS, p50: (i + 1) * 20_000, p95: (i + 1) * 3 * MINUTE_MS });
  const rows = (...names: string[]) => names.map((one) => groupRow(one, { waitMs }));
  return policyResult(name, {
    waitMs,
    slowdown: closed({ mean: 1 + i, p95: 3 + i }),
    waitCurve: Array.from({ length: 201 }, (_, q) => (i + 1) * 400 * Math.exp(q / 25)),
    series: series(i, 100),
    endMs: 100 * STEP_MS,
    groups: [
      { by: 'size', rows: rows('1', '2-7', '8-31', '32+') },
      { by: 'priority', rows: rows('0', '1000') },
    ],
  });
};

const eight = replayResult(POLICIES.map(policyNamed));
const SWEPT = POLICIES.slice(0, 4);
const sweep = [1, 2, 3].flatMap((seed) =>
  SWEPT.map((name, i) => replayResult([policyNamed(name, i + seed / 3)], { seed })),
);

/** Functions for the page, as text: the project's types know no browser. */
const IN_PAGE = `
const boxes = (within, selector) => [...within.querySelectorAll(selector)].map((one) => one.getBoundingClientRect())
  .map(({ left, right, top, bottom }) => ({ left, right, top, bottom }));
const overlaps = (all) => all.flatMap((a, i) => all.slice(0, i).filter((b) =>
  a.left < b.right - .5 && b.left < a.right - .5 && a.top < b.bottom - .5 && b.top < a.bottom - .5)).length;
/** Relative luminance of a computed colour. */
const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
  .map((value) => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
  .reduce((sum, value, i) => sum + value * [.2126, .7152, .0722][i], 0);
`;
const inPage = <T>(page: Page, expression: string) =>
  page.evaluate<T>(`(() => { ${IN_PAGE} return ${expression}; })()`);

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM} (skipped where it is not installed)`, () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'muster-report-'));
  let files = 0;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The report as a reader opens it, and whatever went wrong there. */
  async function opened(results: readonly ReplayResult[], options: Parameters<Browser['newPage']>[0] = {}) {
    const file = join(folder, `${files++}.html`);
    writeFileSync(file, reportHtml(results));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const problems: string[] = [];
    page.on('console', (message) => problems.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('request', (request) => {
      const url = request.url();
      if (url !== pathToFileURL(file).href && !url.startsWith('data:image/png;base64,'))
        problems.push(`request: ${url}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, problems };
  }

  const WIDE = { width: 1280, height: 900 };
  const PHONE = { width: 390, height: 844 };
  const views = [WIDE, PHONE].flatMap((viewport) =>
    (['light', 'dark'] as const).map((colorScheme) => ({
      viewport,
      colorScheme,
      name: `${viewport.width} px, ${colorScheme}`,
    })),
  );

  describe.each(views)('at $name', ({ viewport, colorScheme }) => {
    const reports = [
      { name: 'eight policies', results: [eight], policies: POLICIES.length },
      { name: 'a sweep', results: sweep, policies: SWEPT.length },
    ];

    describe.each(reports)('$name', ({ results, policies }) => {
      let page: Page;
      let problems: readonly string[];
      beforeAll(async () => {
        ({ page, problems } = await opened(results, { viewport, colorScheme }));
      });
      afterAll(() => page.close());

      test('the page opens without an error and without a request, and does not scroll sideways', async () => {
        expect(problems).toEqual([]);
        expect(await inPage(page, 'document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
      });

      test('every line and every picture is drawn', async () => {
        const widths = await inPage<number[]>(
          page,
          `[...document.querySelectorAll('main path.line')].map((path) => path.getBoundingClientRect().width)`,
        );
        const pictures = results.length === 1 ? 2 : 1;
        expect(widths).toHaveLength(pictures * policies);
        expect(Math.min(...widths)).toBeGreaterThan(100);
        const heights = await inPage<number[]>(
          page,
          `[...document.querySelectorAll('main .work')].map((path) => path.getBoundingClientRect().height)`,
        );
        expect(heights.map((height) => height > 30)).toEqual(results.length === 1 ? POLICIES.map(() => true) : []);
        expect(await inPage(page, `[...document.images].map((image) => image.complete && image.naturalWidth)`)).toEqual(
          results.length === 1 ? POLICIES.map(() => 192) : [],
        );
      });

      test('each line has its name, and no text of a picture overlaps another', async () => {
        const names = await inPage<[number, number][]>(
          page,
          `[...document.querySelectorAll('.frame')].map((frame) => [boxes(frame, '.label').length, overlaps(boxes(frame, '.label'))])`,
        );
        expect(names[0]).toEqual([policies, 0]);
        expect(names.map(([, overlapping]) => overlapping)).toEqual(names.map(() => 0));
        const ticks = await inPage<number[]>(
          page,
          `[...document.querySelectorAll('.frame, .track')].map((frame) => overlaps(boxes(frame, '.tx')) + overlaps(boxes(frame, '.ty')))`,
        );
        expect(ticks).toEqual(ticks.map(() => 0));
      });

      test('text differs from the ground as WCAG AA asks (4.5)', async () => {
        const ratios = await inPage<number[]>(
          page,
          `['body', 'header p', '.tx', 'td', 'th[scope=row]', 'summary', '.verdict li:last-child'].map((selector) => {
            const [low, high] = [selector, null].map((one) => light(one
              ? getComputedStyle(document.querySelector(one)).color
              : getComputedStyle(document.body).backgroundColor)).sort((a, b) => a - b);
            return (high + .05) / (low + .05);
          })`,
        );
        expect(Math.min(...ratios)).toBeGreaterThan(4.5);
      });
    });
  });

  test('the first column stays where it is while the table scrolls', async () => {
    const { page } = await opened([eight], { viewport: PHONE });
    const left = () => inPage<number>(page, `document.querySelector('.scroll tbody th').getBoundingClientRect().left`);
    const before = await left();
    const moved = await page.evaluate(`(() => {
      const scroll = document.querySelector('.scroll');
      scroll.scrollLeft = 150;
      return scroll.scrollLeft;
    })()`);
    expect(moved).toBe(150);
    expect(await left()).toBe(before);
  });

  test('the first screen of a phone shows the verdict, and names and values of the table', async () => {
    const { page } = await opened([eight], { viewport: PHONE });
    const inside = `({ left, right, top, bottom }) => left >= 0 && right <= ${PHONE.width} && top >= 0 && bottom <= ${PHONE.height}`;
    const seen = (selector: string) => inPage<number>(page, `boxes(document, '${selector}').filter(${inside}).length`);
    expect(await seen('.verdict li:first-child')).toBe(1);
    expect(await seen('table:first-of-type thead th')).toBeGreaterThanOrEqual(2);
    expect(await seen('table:first-of-type tbody th')).toBeGreaterThanOrEqual(4);
    expect(await seen('table:first-of-type tbody td')).toBeGreaterThanOrEqual(8);
  });

  test('pointing at a policy in the legend fades the others', async () => {
    const { page } = await opened([eight]);
    const opacities = () =>
      inPage<string[]>(
        page,
        `[...document.querySelectorAll('main path.line')].slice(0, 3).map((path) => getComputedStyle(path).opacity)`,
      );
    expect(await opacities()).toEqual(['1', '1', '1']);
    await page.hover('.legend .p1');
    expect(await opacities()).toEqual(['0.13', '1', '0.13']);
  });

  test('pointing at a picture shows its figures there', async () => {
    const { page } = await opened([eight]);
    const text = () =>
      inPage<string>(page, `getComputedStyle(document.querySelectorAll('.probe')[12], '::after').content`);
    expect(await text()).toBe('none');
    await page.locator('.probe').nth(12).hover();
    expect(await text()).toMatch(/^"waited at most .* % kube-default/s);
  });

  test('hostile names are shown and not run', async () => {
    const hostile = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">';
    const { page, problems } = await opened([replayResult([policyResult(hostile)], { notes: [hostile] })]);
    expect(await page.evaluate(`'hacked' in window`)).toBe(false);
    expect(await page.textContent('thead th')).toBe(hostile);
    expect(await page.textContent('.legend .key')).toContain(hostile);
    expect(problems).toEqual([]);
  });

  test('a run that was stopped before anything happened opens without an error', async () => {
    const nothing = closed({ count: 0 });
    const empty = policyResult('one', {
      waitMs: nothing,
      slowdown: nothing,
      completionMs: nothing,
      waitCurve: [],
      series: series(0, 0),
      occupancy: { stepMs: 1000, nodesPerRow: 1, bound: [], stranded: [] },
      endMs: 0,
    });
    const { page, problems } = await opened([replayResult([empty], { complete: false })]);
    expect(await page.textContent('.warning')).toContain('Stopped early');
    expect(await inPage(page, `document.body.textContent.includes('NaN')`)).toBe(false);
    expect(await inPage(page, `document.body.innerHTML.includes('NaN')`)).toBe(false);
    expect(problems).toEqual([]);
  });
});
