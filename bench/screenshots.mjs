import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { serveDemo } from './support/served-demo.mjs';
import { shrink } from './support/small-png.mjs';

// Writes docs/images/replay-*.png: parts of the report that this command makes, as Chromium shows it; and console-*.png:
// pages of the console in front of muster serve --demo, whose jobs are others each time.
const COMMAND = [
  ...['replay', 'preset:S', '--nodes', 'preset:S', '--max-jobs', '600', '--offered', '0.9', '--urgent', '0.1'],
  ...['kube-default', 'fifo-gang', 'muster', 'muster-preempt'].flatMap((policy) => ['--policy', policy]),
];
const PICTURES = [
  { name: 'verdict', width: 1280, height: 760, colorScheme: 'light' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'light' },
  { name: 'waits', width: 1280, height: 900, colorScheme: 'light', part: 'main section:first-child' },
  { name: 'cluster', width: 1280, height: 900, colorScheme: 'dark', part: 'main section:last-child' },
];
const consolePictures = ({ waits, runs }) => [
  { name: 'waiting', hash: '', ready: '.gangs .gang', width: 1280, height: 640, colorScheme: 'light' },
  { name: 'nodes', hash: `#/nodes?gang=${runs}`, ready: '.picker-list', width: 1280, height: 640, colorScheme: 'dark' },
  { name: 'gang', hash: `#/gang/${waits}`, ready: '.advice', width: 1280, height: 640, colorScheme: 'light' },
  { name: 'phone', hash: '', ready: '.gangs .gang', width: 390, height: 700, colorScheme: 'light' },
];
const MOST_BYTES = 600_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'muster-screenshots-'));
const report = join(folder, 'report.html');
const replayed = spawnSync(process.execPath, ['dist/cli.js', ...COMMAND, '--report', report], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (replayed.status !== 0) process.exit(1);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
let bytes = 0;
for (const { name, width, height, colorScheme, part } of PICTURES) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(pathToFileURL(report).href);
  const path = join(root, `docs/images/replay-${name}.png`);
  await page.screenshot({ path, ...(part ? await clipOf(page, part) : {}) });
  shrink(path);
  bytes += statSync(path).size;
  console.log(`wrote docs/images/replay-${name}.png (${statSync(path).size} bytes)`);
  await page.close();
}
const demo = await serveDemo();
// Until then all wait for the same few gangs.
await sleep(30_000);
for (const { name, hash, ready, width, height, colorScheme } of consolePictures(demo)) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
  await page.goto(`${demo.url}/${hash}`);
  await page.waitForSelector(ready);
  await page.waitForSelector('.freshness.is-live');
  // Lists and the light of a gang follow within a second.
  await page.waitForTimeout(1500);
  const isFound = `![...document.querySelectorAll('.c-expected')].some((cell) => cell.textContent === 'looking')`;
  await page.waitForFunction(isFound, undefined, { timeout: 20_000 }).catch(() => undefined);
  const path = join(root, `docs/images/console-${name}.png`);
  await page.screenshot({ path });
  shrink(path);
  bytes += statSync(path).size;
  console.log(`wrote docs/images/console-${name}.png (${statSync(path).size} bytes)`);
  await page.close();
}
demo.stop();
await browser.close();
rmSync(folder, { recursive: true });
if (bytes > MOST_BYTES) {
  console.error(`The pictures have ${bytes} bytes; ${MOST_BYTES} is the most that belongs into the repository.`);
  process.exit(1);
}

/** The part with a margin, in a window so high that nothing sticks to its top. */
async function clipOf(page, part) {
  const height = await page.evaluate('document.documentElement.scrollHeight');
  await page.setViewportSize({ width: page.viewportSize().width, height });
  const box = await page.locator(part).boundingBox();
  return { clip: { x: box.x - 16, y: box.y, width: box.width + 32, height: box.height + 8 } };
}
