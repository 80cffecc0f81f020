import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe, CHROMIUM, HAS_CHROMIUM, launch, opened, PHONE, until } from './support/browser.ts';
import { APPS, Served } from './support/served.ts';

const TOKEN = 'a-token-that-nobody-would-guess-0123456789';
const secrets = mkdtempSync(join(tmpdir(), 'muster-console-'));
const tokenFile = join(secrets, 'tokens');
writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });

const names = (page: Page) => page.locator('.gangs .grid-body .gang').allTextContents();
const focused = (page: Page) =>
  page.evaluate<string>(`document.activeElement.textContent || document.activeElement.ariaLabel`);

describe.skipIf(!HAS_CHROMIUM)(`a served cluster in ${CHROMIUM} (skipped where it is not installed)`, () => {
  const muster = new Served();
  const closed = new Served({ MUSTER_READ_ACCESS: 'token', MUSTER_READ_TOKEN_FILE: tokenFile });
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    await muster.start();
    await muster.askAll();
    await closed.start();
    await closed.askAll();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(secrets, { recursive: true });
  });

  /** The console as a reader has it once it is up to date. */
  async function at(hash: string, options: Parameters<typeof opened>[2] = {}) {
    const all = await opened(browser, muster.url, { hash, ...options });
    await all.page.waitForSelector('.freshness.is-live');
    return all;
  }

  test('find my gang by search', async () => {
    const { page, problems, close } = await at('');
    await until(page, `document.querySelectorAll('.gangs .grid-body .gang').length === 3`);
    await page.keyboard.press('/');
    await page.keyboard.type('repo');
    await until(page, `document.querySelectorAll('.gangs .grid-body .gang').length === 1`);
    expect(await names(page)).toEqual(['etl/report']);
    expect(await page.textContent('[role=status]')).toBe('1 gang found');
    expect(problems).toEqual([]);
    await close();
  });

  test('see position and reason', async () => {
    const { page, problems, close } = await at('');
    await page.waitForSelector('.gangs .grid-body .gang');
    const rows = page.locator('.gangs .grid-body .row');
    const cells = async (row: number, column: string) => rows.nth(row).locator(`.c-${column}`).innerText();
    expect(await Promise.all([0, 1, 2].map((row) => cells(row, 'position')))).toEqual(['1', '2', '3']);
    const report = rows.filter({ hasText: 'etl/report' });
    expect(await report.locator('.badge').innerText()).toBe('quota');
    expect(await report.locator('.reason').innerText()).toBe('queue adhoc allows less cpu than the gang needs');
    expect(await rows.filter({ hasText: 'etl/huge' }).locator('.badge').innerText()).toBe('cannot fit');
    expect(problems).toEqual([]);
    await close();
  });

  test('open the page of a gang and read what helps', async () => {
    const { page, problems, close } = await at('');
    await page.click('.gangs .gang:has-text("report")');
    await page.waitForSelector('.advice');
    expect(await page.textContent('.advice')).toContain(
      'With 6 members of role executor instead of 12 it would start now.',
    );
    expect(await page.textContent('.timeline')).toContain('Submitted');
    expect(await page.textContent('main')).toMatch(/max of cpu hit/);
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
    await close();
  });

  test('a gang that is admitted moves from the list without a reload', async () => {
    const { page, problems, close } = await at('');
    await page.waitForSelector('.gangs .gang:has-text("report")');
    await page.evaluate(`window.isTheSame = true`);
    muster.setPolicy(400);
    const report = APPS.find(({ name }) => name === 'report')!;
    while ((await muster.ask(report)).length === 0) await page.waitForTimeout(100);
    await page.waitForSelector('.gangs .gang:has-text("report")', { state: 'detached' });
    await page.click('button:has-text("starting")');
    await page.waitForSelector('.gangs .gang:has-text("report")');
    await page.click('.pages a:has-text("Live")');
    expect(await page.locator('.decisions li', { hasText: 'etl/report' }).first().textContent()).toContain('admitted');
    expect(await page.evaluate(`window.isTheSame`)).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  test('queues are bars; a queue has users, limits and rules', async () => {
    const { page, problems, close } = await at('#/queues');
    await page.waitForSelector('.queues .bar');
    const prod = page.locator('.queues .grid-body .row', { hasText: 'prod' });
    expect(await prod.locator('.bar').getAttribute('aria-label')).toMatch(
      /^held 361 cores, demand .*, guaranteed 300 cores, no max$/,
    );
    const width = async (part: string) => (await prod.locator(part).boundingBox())!.width;
    expect(await width('.bar-held')).toBeGreaterThan(50);
    expect(await width('.bar-demand')).toBeGreaterThan(await width('.bar-held'));
    await prod.click();
    await page.waitForSelector('.detail table');
    expect(await page.textContent('.detail')).toContain('anna');
    expect(await page.textContent('.detail')).toContain('advise: up to its guarantee');
    await page.selectOption('.toolbar select', 'memory');
    await until(page, `document.querySelector('.queues .c-held:not([role=columnheader])').textContent.endsWith('iB')`);
    expect(problems).toEqual([]);
    await close();
  });

  test('the map of nodes lights a gang', async () => {
    const { page, problems, close } = await at('#/nodes?by=topology.kubernetes.io%2Fzone');
    await page.waitForSelector('.picker');
    await page.fill('.picker input', 'nightly');
    const lit = () =>
      page.evaluate<number>(`(() => {
        const canvas = document.querySelector('.map-canvas');
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        let lit = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] === 214 && data[i + 1] === 0 && data[i + 2] === 108) lit++;
        return lit;
      })()`);
    expect(await lit()).toBe(0);
    await page.hover('.picker-list button:has-text("nightly-load")');
    while ((await lit()) < 100) await page.waitForTimeout(20);
    await page.click('.picker-list button:has-text("nightly-load")');
    expect(new URL(page.url()).hash).toContain('gang=etl%2Fnightly-load');
    await page.focus('.map-canvas');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('.badge-lit');
    expect(await page.textContent('.readout')).toMatch(/demo-0.*places of etl\/nightly-load/);
    await page.click('.groups summary');
    expect(await page.locator('.groups tbody tr').count()).toBe(3);
    expect(problems).toEqual([]);
    await close();
  });

  test('filters stay when the page is loaded again', async () => {
    const { page, close } = await at('');
    await page.selectOption('.filters select', 'unschedulable');
    await page.fill('label:has-text("User") input', 'chen');
    await until(page, `location.hash.includes('user=chen')`);
    await until(page, `document.querySelectorAll('.gangs .grid-body .gang').length === 1`);
    await page.reload();
    await until(page, `document.querySelectorAll('.gangs .grid-body .gang').length === 1`);
    expect(await names(page)).toEqual(['etl/huge']);
    expect(await page.inputValue('label:has-text("User") input')).toBe('chen');
    expect(await page.inputValue('.filters select')).toBe('unschedulable');
    await page.click('text=Clear');
    await until(page, `document.querySelectorAll('.gangs .grid-body .gang').length > 1`);
    await close();
  });

  test('the keyboard alone leads from the first key to the map and back', async () => {
    const { page, problems, close } = await at('');
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('To the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(`document.activeElement.id`)).toBe('main');
    for (let i = 0; i < 40 && !(await page.evaluate(`document.activeElement.classList.contains('gangs')`)); i++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate<string>(
      `document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).querySelector('.gang').textContent`,
    );
    expect(second).toBe((await names(page))[1]);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.advice');
    expect(await page.textContent('h1')).toContain(second.split('/')[1]);
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await page.waitForSelector('.queues .bar');
    await page.focus('.queues');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await until(page, `document.querySelectorAll('.queues .grid-body .row').length === 1`);
    await page.keyboard.press('ArrowRight');
    await until(page, `document.querySelectorAll('.queues .grid-body .row').length > 1`);
    await page.goBack();
    await page.waitForSelector('.gang-head');
    expect(problems).toEqual([]);
    await close();
  });

  test('a token lets in, is kept in this tab alone, and is refused when it is wrong', async () => {
    const { page, problems, close } = await opened(browser, closed.url);
    await page.waitForSelector('.sign-in');
    expect(await page.locator('.gang').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    await page.fill('.sign-in input', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.sign-in [role=alert]');
    await page.fill('.sign-in input', TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.waitForSelector('.freshness.is-live');
    const kept = '[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie, location.href]';
    const [session, ...others] = await page.evaluate<string[]>(kept);
    expect(session).toContain(TOKEN);
    expect(others.join()).not.toContain(TOKEN);
    await page.reload();
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.click('text=Sign out');
    await page.waitForSelector('.sign-in');
    expect(await page.evaluate<string>(`JSON.stringify(sessionStorage)`)).not.toContain(TOKEN);
    expect(problems).toEqual([]);
    await close();
  });

  test('a phone shows the list, the queues and the map without scrolling sideways', async () => {
    for (const [hash, ready] of [
      ['', '.gangs .gang'],
      ['#/queues?open=prod', '.detail table'],
      ['#/nodes', '.map-canvas'],
      ['#/gang/etl/train', '.advice'],
    ] as const) {
      const { page, problems, close } = await at(hash, { viewport: PHONE, hasTouch: true, isMobile: true });
      await page.waitForSelector(ready);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
      expect(problems).toEqual([]);
      await close();
    }
  });

  test('the connection is lost and comes back by itself, with what is new', async () => {
    const { page, problems, close } = await at('');
    await page.waitForSelector('.gangs .grid-body .gang');
    await muster.stop();
    await page.waitForSelector('.banner-bad');
    expect(await page.textContent('.banner-bad')).toContain('The connection to muster is lost.');
    expect(await page.locator('.gangs .grid-body .gang').count()).toBeGreaterThan(0);
    expect(await axe(page)).toEqual([]);
    await muster.start();
    await page.waitForSelector('.banner-bad', { state: 'detached' });
    // A muster that was started anew knows no gang yet.
    await until(
      page,
      `document.querySelector('.empty')?.textContent.includes('spark.kubernetes.scheduler.name=muster')`,
    );
    await muster.ask(APPS[3]!);
    await page.waitForSelector('.gangs .gang:has-text("huge")');
    expect(problems).toEqual([]);
    await close();
  });
});
