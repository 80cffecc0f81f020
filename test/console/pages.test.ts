import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe, CHROMIUM, HAS_CHROMIUM, launch, opened, PHONE, until, WIDE } from './support/browser.ts';
import { fakeMuster, type FakeMuster } from './support/fake-muster.ts';

/** Every page, and what is on it once it has read what it shows. */
const PAGES = [
  { name: 'gangs that wait', hash: '', ready: '.gangs .grid-body .gang' },
  { name: 'gangs that run', hash: '#/waiting?phase=running', ready: '.gangs .grid-body .gang' },
  { name: 'no gang', hash: '#/waiting?search=nobody-has-this-name', ready: '.empty' },
  { name: 'queues', hash: '#/queues', ready: '.queues .bar' },
  { name: 'a queue', hash: '#/queues?open=prod.etl', ready: '.detail table' },
  { name: 'nodes', hash: '#/nodes', ready: '.map-canvas' },
  { name: 'nodes with a gang', hash: '#/nodes?gang=team-4/job-00040', ready: '.picker-list button' },
  { name: 'a gang that waits', hash: '#/gang/team-4/job-00028', ready: '.advice' },
  { name: 'a gang that runs', hash: '#/gang/team-10/job-00070', ready: '.advice' },
  { name: 'decisions', hash: '#/live', ready: '.decisions li' },
  { name: 'policies', hash: '#/policies', ready: '.policy' },
  { name: 'the API', hash: '#/api', ready: '.operation' },
] as const;

const VIEWS = [
  { name: 'wide and light', viewport: WIDE, colorScheme: 'light' },
  { name: 'wide and dark', viewport: WIDE, colorScheme: 'dark' },
  { name: 'a phone', viewport: PHONE, colorScheme: 'light' },
] as const;

describe.skipIf(!HAS_CHROMIUM)(`in ${CHROMIUM} (skipped where it is not installed)`, () => {
  let browser: Browser;
  let muster: FakeMuster;
  beforeAll(async () => {
    browser = await launch();
    muster = await fakeMuster({ nodes: 300, waiting: 60, running: 40, odd: '' });
    for (let i = 0; i < 5; i++) muster.tick();
  });
  afterAll(async () => {
    await browser?.close();
    await muster?.close();
  });

  test.each(PAGES)(
    '$name: no error, no serious violation, no request elsewhere, in any view',
    async ({ hash, ready }) => {
      const { page, problems, close } = await opened(browser, muster.url, { hash });
      await page.waitForSelector('.freshness.is-live');
      for (const { name, viewport, colorScheme } of VIEWS) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await until(page, `document.documentElement.dataset.theme === '${colorScheme}'`);
        await page.waitForSelector(ready);
        expect({ [name]: await axe(page) }).toEqual({ [name]: [] });
        // What overflows within a box scrolls there.
        for (const of of ['document.documentElement', `document.querySelector('main')`])
          expect(await page.evaluate(`${of}.scrollWidth`)).toBeLessThanOrEqual(viewport.width);
      }
      expect(problems).toEqual([]);
      await close();
    },
  );

  test('the help lists the keys, keeps the focus, and closes by Escape', async () => {
    const { page, problems, close } = await opened(browser, muster.url);
    await page.waitForSelector('.gangs .grid-body .gang');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    expect(await page.textContent('dialog')).toContain('to the search');
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(problems).toEqual([]);
    await close();
  });

  test('the theme follows the system until one is chosen, and the choice stays', async () => {
    const { page, close } = await opened(browser, muster.url, { colorScheme: 'dark' });
    const theme = () => page.evaluate('document.documentElement.dataset.theme');
    await page.waitForSelector('.gangs .grid-body .gang');
    expect(await theme()).toBe('dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await until(page, `document.documentElement.dataset.theme === 'light'`);
    await page.click('button[aria-label="Use the dark theme"]');
    expect(await theme()).toBe('dark');
    await page.reload();
    await page.waitForSelector('.gangs .grid-body .gang');
    expect(await theme()).toBe('dark');
    await close();
  });

  test('an operation is tried with what one fills in, and its schema unfolds though it refers to itself', async () => {
    const { page, close } = await opened(browser, muster.url, { hash: '#/api' });
    const one = page.locator('.operation', { hasText: '/v1/queues/{path}' });
    await one.locator('summary').first().click();
    await one.locator('input').fill('prod.etl');
    await one.locator('button', { hasText: 'Try it' }).click();
    await until(page, `document.querySelector('.answer')?.textContent.includes('"path": "prod.etl"')`);
    expect(muster.asked).toContain('/v1/queues/prod.etl');
    await one.locator('.response > summary').click();
    for (let i = 0; i < 3; i++) await one.locator('.schema summary').nth(i).click();
    expect(await one.locator('.schema').count()).toBeGreaterThan(3);
    await close();
  });

  test('gangs of namespaces that one may not see keep their places, and lead nowhere', async () => {
    const some = await fakeMuster({ nodes: 10, waiting: 24, running: 12, hides: true });
    const { page, problems, close } = await opened(browser, some.url);
    await page.waitForSelector('.gangs .grid-body .gang');
    const row = page.locator('.gangs .grid-body .row').nth(11);
    expect(await row.locator('.c-position').textContent()).toBe('12');
    expect(await row.locator('.c-gang').textContent()).toBe('hidden');
    expect(await row.locator('.c-gang a, .c-user a, .c-help a').count()).toBe(0);
    await row.click();
    expect(new URL(page.url()).hash).toBe('');
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
    await close();
    await some.close();
  });

  test('a gang that has run for longer than nine of ten says so', async () => {
    const { page, close } = await opened(browser, muster.url, { hash: '#/gang/team-10/job-00070' });
    await until(page, `document.querySelector('main').textContent.includes('It has run for 1 h')`);
    expect(await page.textContent('main')).toContain('longer than nine of ten would.');
    await close();
  });

  test('a page that is not there says so', async () => {
    const { page, close } = await opened(browser, muster.url, { hash: '#/nowhere' });
    await page.waitForSelector('.empty');
    expect(await page.textContent('.empty')).toContain('There is no such page');
    await close();
  });

  test('a gang that is not there says so, and leads to the search', async () => {
    const { page, close } = await opened(browser, muster.url, { hash: '#/gang/team-1/gone' });
    await page.waitForSelector('.empty');
    await page.click('.empty a');
    await until(page, `document.querySelector('[data-search]')?.value === 'gone'`);
    await close();
  });
});
