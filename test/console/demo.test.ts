import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtCli, written } from '../support/cli.ts';
import { CHROMIUM, HAS_CHROMIUM, launch, opened, until } from './support/browser.ts';

const { start } = builtCli();

describe.skipIf(!HAS_CHROMIUM)(`serve --demo in ${CHROMIUM} (skipped where it is not installed)`, () => {
  let served: ReturnType<typeof start>;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    browser = await launch();
    served = start(['serve', '--demo', '--port', '0', '--log-level', 'info']);
    url = (await written(served, /"url":"(http:[^"]+)"/))[1]!;
  });
  afterAll(async () => {
    await browser?.close();
    served.child.kill('SIGKILL');
    await served.ended;
  });

  test('jobs come and go on the page by themselves', async () => {
    const { page, problems, close } = await opened(browser, url, { hash: '#/live' });
    await page.waitForSelector('.decisions li');
    const first = await page.textContent('.decisions li');
    await until(page, `document.querySelector('.decisions li').textContent !== ${JSON.stringify(first)}`);
    await page.waitForSelector('.decisions li:has-text("Admitted")');
    expect(problems).toEqual([]);
    await close();
  });

  test('a gang that waits has a page of its own', async () => {
    const { page, problems, close } = await opened(browser, url, { hash: '' });
    const waits = page.locator('.gangs .grid-body .gang .gang-name').first();
    await waits.waitFor();
    const gang = await waits.textContent();
    await waits.click();
    await page.waitForSelector('.timeline');
    expect(await page.textContent('main')).toContain(gang);
    expect(await page.textContent('.timeline')).toContain('Submitted');
    expect(problems).toEqual([]);
    await close();
  });

  test('queues of the company hold what runs', async () => {
    const { page, problems, close } = await opened(browser, url, { hash: '#/queues' });
    await page.waitForSelector('text=prod');
    expect(await page.textContent('main')).toMatch(/reports/);
    expect(problems).toEqual([]);
    await close();
  });
});
