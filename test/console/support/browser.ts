import { existsSync, readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const HAS_CHROMIUM = existsSync(CHROMIUM);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const QUIET = ['--disable-background-networking', '--disable-component-update'];

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] });

export const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export interface Opened {
  readonly page: Page;
  /** What went wrong: messages of the browser's console, exceptions, violations of the CSP, requests to others. */
  readonly problems: string[];
  readonly close: () => Promise<void>;
}

/** What a lost connection writes there is no mistake of the page. */
const OF_THE_NETWORK = /^Failed to load resource: |net::ERR_/;

/** Opens the console as a reader does, in a browser that knows nothing. */
export async function opened(
  browser: Browser,
  url: string,
  { hash = '', ...options }: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (!OF_THE_NETWORK.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(`request: ${request.url()}`);
  });
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample);
  })`);
  await page.goto(`${url}/${hash}`);
  return { page, problems, close: () => context.close() };
}

const POLL_MS = 20;

/** Waits until the expression is true in the page. Playwright's own waiting would need eval, which the CSP forbids. */
export async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) await page.waitForTimeout(POLL_MS);
}

const AXE = readFileSync(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Serious and critical violations that axe-core finds, as text. It runs in a world of its own, beside the CSP. */
export async function axe(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  });
  const run = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      ...{ expression, contextId, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await run(`${AXE}; 0`);
  const found = (await run(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({ violations, passes: passes.length }))`,
  )) as { violations: Violation[]; passes: number };
  await session.detach();
  if (found.passes < 5) throw new Error('axe-core looked at too little');
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
}
