import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, HAS_CHROMIUM, launch, opened } from './support/browser.ts';
import { fakeMuster, type FakeMuster } from './support/fake-muster.ts';

/** What a tenant could put into a label, an annotation or a reason. */
const ODD = [
  `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`,
  `javascript:window.hacked=1//?a=b&c#d%2F%zz\u202Egnp.exe`,
] as const;

const enc = encodeURIComponent;

describe.skipIf(!HAS_CHROMIUM)(`in ${CHROMIUM} (skipped where it is not installed)`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  describe.each(ODD)('names that hold %j', (odd) => {
    let muster: FakeMuster;
    beforeAll(async () => {
      muster = await fakeMuster({ nodes: 200, waiting: 30, running: 20, odd });
      for (let i = 0; i < 3; i++) muster.tick();
    });
    afterAll(() => muster.close());

    const pages: readonly (readonly [page: string, hash: string, ready: string, text: string])[] = [
      ['the list', '', '.gangs .gang-name', `job-00003`],
      ['a gang', `#/gang/team-4/${enc(`job-00004${odd}`)}`, '.advice', 'eligible nodes'],
      ['a gang that runs', `#/gang/team-2/${enc(`job-00002${odd}`)}`, '.part table', 'node-'],
      ['queues', `#/queues?open=${enc(`prod.etl${odd}`)}`, '.detail table', 'held'],
      ['racks', `#/nodes?by=${enc('topology.kubernetes.io/rack')}`, '.picker-name', 'job-'],
      ['decisions', '#/live', '.decisions li', 'job-'],
      ['the API', '#/api', '.operation', 'Queues'],
    ];
    test.each(pages)('%s shows them as text, and nothing of them runs', async (_, hash, ready, text) => {
      const { page, problems, close } = await opened(browser, muster.url, { hash });
      await page.waitForSelector(ready);
      await page.waitForSelector('.freshness.is-live');
      expect(await page.locator(ready).first().textContent()).toContain(text);
      expect(await page.textContent('main')).toContain(odd);
      expect(await page.evaluate<boolean>(`'hacked' in window`)).toBe(false);
      expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
      const elsewhere = `[...document.links].filter((link) => link.origin !== location.origin).length`;
      expect(await page.evaluate(elsewhere)).toBe(0);
      expect(problems).toEqual([]);
      await close();
    });

    test('a name that is too long for its column stays in one line', async () => {
      const { page, close } = await opened(browser, muster.url);
      await page.waitForSelector('.gangs .gang-name');
      // Its parts in the row, by where they begin.
      const tops = `[...document.querySelector('.gangs .gang').children].map((part) => part.getClientRects()[0]?.top)`;
      const [namespace, name] = (await page.evaluate<(number | undefined)[]>(tops)).filter((top) => top !== undefined);
      expect(name).toBe(namespace);
      await close();
    });

    test('a click in the list opens that very gang', async () => {
      const { page, close } = await opened(browser, muster.url);
      await page.locator('.gangs .grid-body .gang').first().click();
      await page.waitForSelector('.gang-lead');
      expect(await page.textContent('.gang-lead')).toContain('No. 1');
      await close();
    });
  });
});
