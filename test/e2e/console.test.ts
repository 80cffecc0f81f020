import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe, CHROMIUM, HAS_CHROMIUM, launch, opened, until, type Opened } from '../console/support/browser.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, deletePod, FakeKubelet } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { PodWatch } from './harness/pods.ts';
import { runApps, SparkApp } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);
if (!HAS_CHROMIUM) console.log(`SKIPPED: ${CHROMIUM} is not installed`);

describe.skipIf(typeof binaries === 'string' || !HAS_CHROMIUM)('the console in front of a real control plane', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;
  let browser: Browser;
  let console: Opened;
  let runs: SparkApp;
  let waits: SparkApp;

  /** Three nodes of 8 cores: `runs` holds 17, so that `waits`, which needs 17, waits for room. */
  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await applyAccess(plane);
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
    await createNodes(plane.admin, 3, { cpu: 8 });
    pair = await startPair(plane, { name: 'muster' });
    const options = { executors: 16, schedulerName: 'muster', workMs: 1e9 };
    runs = new SparkApp(plane.admin, watch, { ...options, name: 'nightly' });
    waits = new SparkApp(plane.admin, watch, { ...options, name: 'report' });
    await runs.submit();
    await runApps([runs], 10_000);
    await waits.submit();
    browser = await launch();
    console = await opened(browser, pair.muster.url);
    await console.page.waitForSelector('.freshness.is-live');
  });

  afterAll(async () => {
    await browser?.close();
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    watch?.stop();
    await plane?.stop();
  });

  test('what waits, at which position and why', async () => {
    const { page } = console;
    await page.waitForSelector('.gangs .grid-body .row:has-text("report") .gang');
    const row = page.locator('.gangs .grid-body .row', { hasText: 'report' });
    expect(await row.locator('.c-position').innerText()).toBe('1');
    expect(await row.locator('.badge').innerText()).toBe('room');
    expect(await page.getAttribute('.freshness', 'title')).toMatch(/^The view of the cluster is \d+ s old\.$/);
  });

  test('what runs, on which nodes, and what befell it', async () => {
    const { page } = console;
    await page.click('button:has-text("running")');
    await page.click('.gangs .grid-body .row:has-text("nightly") .gang');
    await page.waitForSelector('.timeline');
    expect(await page.textContent('.timeline')).toMatch(/Submitted.*Reserved.*Running/s);
    expect(await page.textContent('main')).toContain('17 bound on 3 nodes');
    await page.click('text=Show on the map of nodes');
    await page.waitForSelector('.map-canvas');
    await page.focus('.map-canvas');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('.badge-lit');
    expect(await axe(page)).toEqual([]);
  });

  test('what would help', async () => {
    const { page } = console;
    await page.click('.pages a:has-text("Gangs")');
    await page.click('.gangs .grid-body .row:has-text("report") .gang');
    await page.waitForSelector('.advice');
    expect(await page.locator('.advice li').count()).toBeGreaterThan(0);
    expect(await page.textContent('main')).toContain('Free on eligible nodes:');
  });

  test('once there is room the page says so by itself', async () => {
    const { page } = console;
    for (const pod of [runs.driver!, ...runs.executors]) await deletePod(plane.admin, pod);
    await runApps([waits], 10_000);
    await page.waitForSelector('h1 .badge-running');
    await page.click('.pages a:has-text("Live")');
    await page.waitForSelector(`.decisions li:has-text("${waits.id}") .badge:text-is("gang admitted")`);
    expect(console.problems).toEqual([]);
  });

  test('muster is started again: the page comes back, with all that runs', async () => {
    const { page } = console;
    await page.click('.pages a:has-text("Gangs")');
    await pair.muster.kill();
    await page.waitForSelector('.banner-bad');
    pair.muster.start();
    await pair.muster.ready();
    await page.waitForSelector('.banner-bad', { state: 'detached' });
    await page.click('button:has-text("running")');
    await page.waitForSelector('.gangs .grid-body .row:has-text("report") .gang');
    await until(page, `document.querySelector('.count-running dd')?.textContent === '1'`);
    expect(console.problems).toEqual([]);
  });
});
