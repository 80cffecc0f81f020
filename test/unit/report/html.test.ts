import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportHtml } from '../../../src/replay/report/html.ts';
import type { ReplayResult, Series } from '../../../src/replay/result.ts';
import { policyResult, replayResult } from '../../support/replay-result.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const QUIET = ['--disable-background-networking', '--disable-component-update'];
const CHARTS = 6;

const noSeries: Series = {
  stepMs: 1000,
  work: [],
  partial: [],
  starting: [],
  reserved: [],
  broken: [],
  stranded: [],
  waitingJobs: [],
  workingJobs: [],
};

const hostile = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">';
const day = replayResult([policyResult('kube-default', { overcommits: 5 }), policyResult('fifo-gang')]);

test('nothing of the report lies on the network', () => {
  const html = reportHtml(day);
  expect(html).not.toMatch(/(?:src|href)=|@import|url\(|fetch\(|XMLHttpRequest/);
});

test('the same result gives the same bytes', () => {
  expect(reportHtml(day)).toBe(reportHtml(structuredClone(day)));
});

test('text of the result is escaped wherever it stands', () => {
  const everywhere = replayResult([policyResult(hostile)], {
    trace: { name: hostile, format: hostile, sha256: hostile, jobs: 1, pods: 1 },
    nodes: { name: hostile, count: 1, cpuMilli: 1, memoryBytes: 1 },
    notes: [hostile],
    options: [hostile],
    drawn: [hostile],
  });
  const html = reportHtml(everywhere);
  expect(html).not.toContain('<script>window.hacked');
  expect(html).not.toContain('<img');
});

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM} (skipped where it is not installed)`, () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'muster-report-'));
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The report as a reader opens it, and whatever went wrong there. */
  async function opened(result: ReplayResult, options: Parameters<Browser['newPage']>[0] = {}) {
    const file = join(folder, `${Math.abs(JSON.stringify([result, options]).length)}.html`);
    writeFileSync(file, reportHtml(result));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const problems: string[] = [];
    page.on('console', (message) => problems.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) problems.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction(`document.querySelectorAll('canvas').length === ${CHARTS}`);
    // uPlot draws in a microtask; two frames later all is on the canvas.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    return { page, problems };
  }

  // What runs in the page is text: the project's types know no browser.
  /** Per chart, of how many policies the line's colour is on its canvas. */
  const readLines = (page: Page) =>
    page.evaluate<number[]>(`[...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255) seen.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]);
      }
      return [0xd1495b, 0x2b7bba].filter((colour) => seen.has(colour)).length;
    })`);

  test('every chart draws a line for each policy, without an error and without a request', async () => {
    const { page, problems } = await opened(day);
    expect(await readLines(page)).toEqual(new Array<number>(CHARTS).fill(2));
    expect(await page.locator('thead th').allTextContents()).toEqual(['kube-default', 'fifo-gang']);
    expect(await page.locator('td.bad').allTextContents()).toEqual(['5 !']);
    expect(problems).toEqual([]);
  });

  test('hostile names are shown and not run', async () => {
    const { page, problems } = await opened(replayResult([policyResult(hostile)], { notes: [hostile] }));
    expect(await page.evaluate(`'hacked' in window`)).toBe(false);
    expect(await page.textContent('thead th')).toBe(hostile);
    expect(await page.textContent('.u-legend')).toContain(hostile);
    expect(problems).toEqual([]);
  });

  test('on a phone nothing is wider than the screen but the table, which scrolls', async () => {
    const { page, problems } = await opened(day, { viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(problems).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('text and ground differ in the %s scheme', async (colorScheme) => {
    const { page } = await opened(day, { colorScheme });
    const [ink, ground] = await page.evaluate<[string, string]>(`(() => {
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.cssText = 'color: CanvasText; background: Canvas';
      const style = getComputedStyle(probe);
      return [style.color, style.backgroundColor];
    })()`);
    expect([ink, ground]).toEqual(
      colorScheme === 'dark' ? ['rgb(255, 255, 255)', 'rgb(18, 18, 18)'] : ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'],
    );
  });

  test('a run that was stopped before the first sample opens without an error', async () => {
    const empty = replayResult([policyResult('one', { series: noSeries })], { complete: false });
    const { page, problems } = await opened(empty);
    expect(await page.textContent('.warning')).toContain('Stopped early');
    expect(problems).toEqual([]);
  });
});
