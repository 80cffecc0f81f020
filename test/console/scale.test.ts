import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_ROWS } from '../../src/console/parts/grid-view.ts';
import { CHROMIUM, HAS_CHROMIUM, launch, opened, until, WIDE } from './support/browser.ts';
import { fakeMuster, type FakeMuster } from './support/fake-muster.ts';

const NODES = 15_000;
const WAITING = 5000;
const RUNNING = 800;

describe.skipIf(!HAS_CHROMIUM)(`${NODES} nodes and ${WAITING} waiting gangs in ${CHROMIUM}`, () => {
  let browser: Browser;
  let muster: FakeMuster;
  beforeAll(async () => {
    browser = await launch();
    muster = await fakeMuster({ nodes: NODES, waiting: WAITING, running: RUNNING });
  });
  afterAll(async () => {
    await browser?.close();
    await muster?.close();
  });

  const rows = (page: Page) => page.locator('.gangs .grid-body .row').count();
  const position = (page: Page, place: 'first' | 'last') =>
    page.locator(`.gangs .grid-body .row .c-position`)[place]().textContent();
  /** What one tick makes the page ask, once it has asked it all. */
  async function askedByTick(page: Page): Promise<string[]> {
    const before = muster.asked.length;
    muster.tick();
    const { waiting } = muster.cluster.tick().counts;
    await until(page, `document.querySelector('.count-waiting dd')?.textContent.replace(',', '') === '${waiting}'`);
    await page.waitForTimeout(300);
    return muster.asked.slice(before);
  }

  test('the list has few rows in the page, says how many there are, and reads 100 at a time', async () => {
    const { page, problems, close } = await opened(browser, muster.url);
    await page.waitForSelector('.gangs .grid-body .gang');
    const total = muster.cluster.tick().counts.waiting;
    expect(await page.getAttribute('.gangs', 'aria-rowcount')).toBe(String(total + 1));
    expect(await rows(page)).toBeLessThan(MOST_ROWS);
    expect(await rows(page)).toBeGreaterThan(15);
    const reads = muster.asked.filter((path) => path.startsWith('/v1/board/gangs?'));
    expect(reads.every((path) => path.includes('limit=100'))).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  test('scrolling to the end shows the last gang', async () => {
    const { page, close } = await opened(browser, muster.url);
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.focus('.gangs');
    await page.keyboard.press('End');
    const total = muster.cluster.tick().counts.waiting;
    await until(
      page,
      `[...document.querySelectorAll('.gangs .grid-body .c-position')].at(-1)?.textContent === '${total}'`,
    );
    expect(await rows(page)).toBeLessThan(MOST_ROWS);
    await page.keyboard.press('Home');
    await until(page, `document.querySelector('.gangs .grid-body .c-position')?.textContent === '1'`);
    expect(await position(page, 'first')).toBe('1');
    await close();
  });

  test('a very high window draws no more rows than the bound', async () => {
    const { page, close } = await opened(browser, muster.url, { viewport: { width: 1280, height: 8000 } });
    await page.waitForSelector('.gangs .grid-body .gang');
    expect(await rows(page)).toBe(MOST_ROWS);
    await close();
  });

  test('a tick makes the list read one window again, and the other pages one thing each', async () => {
    const { page, close } = await opened(browser, muster.url);
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.waitForSelector('.freshness.is-live');
    await askedByTick(page);
    const asked = await askedByTick(page);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^\/v1\/board\/gangs\?.*offset=0&limit=100/);
    for (const [name, path, ready] of [
      ['Queues', '/v1/queues?limit=2500', '.queues .bar'],
      ['Live', undefined, '.decisions li'],
      ['Policies', undefined, '.policy'],
    ] as const) {
      await page.click(`.pages a:text-is("${name}")`);
      await page.waitForSelector(ready);
      await askedByTick(page);
      expect(await askedByTick(page)).toEqual(path === undefined ? [] : [path]);
    }
    await close();
  });

  test('the map reads names once, and has a cell for every node', async () => {
    const { page, problems, close } = await opened(browser, muster.url, { hash: '#/nodes' });
    await page.waitForSelector('.map-canvas');
    await page.waitForSelector('.freshness.is-live');
    await askedByTick(page);
    const asked = (await askedByTick(page)).filter((path) => !path.startsWith('/v1/board/gangs?'));
    expect(asked).toEqual(['/v1/board/nodes?known=1']);
    expect(await page.getAttribute('.map-canvas', 'aria-label')).toContain('15,000 nodes');
    expect(await page.textContent('.readout')).not.toContain('One cell stands for');
    expect(problems).toEqual([]);
    await close();
  });

  test('on a small window one cell stands for several nodes, and says so', async () => {
    const { page, close } = await opened(browser, muster.url, {
      hash: '#/nodes',
      viewport: { width: 390, height: 500 },
    });
    await until(page, `document.querySelector('.readout')?.textContent.includes('One cell stands for')`);
    await page.locator('.map-canvas').hover({ position: { x: 3, y: 20 } });
    expect(await page.textContent('.readout-name')).toMatch(/^node-00000 and \d+ more nodes$/);
    await close();
  });

  test('decisions come as they are made; the page keeps no more than it can show', async () => {
    const { page, close } = await opened(browser, muster.url, { hash: '#/live', viewport: WIDE });
    await page.waitForSelector('.freshness.is-live');
    for (let i = 0; i < 150; i++) muster.tick();
    const last = muster.cluster.decisions.at(-1)!.gang.split('/')[1]!;
    await until(page, `document.querySelector('.decisions li')?.textContent.includes('${last}')`);
    expect(await page.locator('.decisions li').count()).toBe(200);
    await page.click('text=Pause');
    muster.tick();
    await page.waitForSelector('text=Go on (2 new)');
    expect(await page.locator('.decisions li').first().textContent()).toContain(last);
    await close();
  });
});
