import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { docText } from '../../support/doc-blocks.ts';

const site = (file: string): Promise<unknown> => import(new URL(`../../../docs/site/${file}`, import.meta.url).href);
const PAGES = readdirSync(new URL('../../../docs', import.meta.url)).filter((file) => file.endsWith('.md'));

interface Section {
  readonly items: readonly { readonly link: string }[];
}

test('every page has one place in the sidebar', async () => {
  const { SIDEBAR } = (await site('sidebar.mjs')) as { SIDEBAR: readonly Section[] };
  const placed = SIDEBAR.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`));
  expect(placed.sort()).toEqual(PAGES.sort());
});

test('anchors of the site are those of code hosts', async () => {
  const { anchorOf } = (await site('anchors.mjs')) as { anchorOf: (heading: string) => string };
  expect(anchorOf("What muster's API server says: 1.30 & later")).toBe('what-musters-api-server-says-130--later');
  expect(anchorOf('`queues`')).toBe('queues');
});

test.each([
  ['policies.md', undefined],
  ['policies.md#strategies', undefined],
  ['#strategies', undefined],
  ['images/replay-waits.png', undefined],
  ['https://kubernetes.io/docs', undefined],
  ['../README.md', 'README.md'],
  ['../src/core/model.ts', 'src/core/model.ts'],
  ['../scheduler-config/README.md#for-spark-users', 'scheduler-config/README.md#for-spark-users'],
  ['../deploy/examples/spark-namespace.yaml', 'deploy/examples/spark-namespace.yaml'],
])('a link to %s leads to the repository: %s', async (href, path) => {
  const { inRepository } = (await site('repository-links.mjs')) as {
    inRepository: (href: string, page: string) => string | undefined;
  };
  expect(inRepository(href, 'install.md')).toBe(path);
});

interface Token {
  type: string;
  tag: string;
  attrs: [string, string][];
  readonly attrGet: (name: string) => string | undefined;
  readonly attrSet: (name: string, value: string) => void;
}

const linkTo = (href: string): Token => {
  const token: Token = {
    type: 'link_open',
    tag: 'a',
    attrs: [['href', href]],
    attrGet: (name) => token.attrs.find(([key]) => key === name)?.[1],
    attrSet: (name, value) => void (token.attrs = [[name, value]]),
  };
  return token;
};

/** What the rule makes of one link on a page. */
async function rewritten(href: string, repository?: string): Promise<readonly Token[]> {
  const { repositoryLinks } = (await site('repository-links.mjs')) as {
    repositoryLinks: (md: object, repository?: string) => void;
  };
  const tokens = [linkTo(href), { ...linkTo(''), type: 'text' }, { ...linkTo(''), type: 'link_close' }];
  const push = (_name: string, rule: (state: object) => void) =>
    rule({ tokens: [{ children: tokens }], env: { relativePath: 'install.md' } });
  repositoryLinks({ core: { ruler: { push } } }, repository);
  return tokens;
}

test('a link to a file of the repository leads there where its address is known, and else is text that names it', async () => {
  const [linked] = await rewritten('../src/core/model.ts', 'https://git.example.com/muster/blob/main/');
  expect(linked!.attrs).toEqual([['href', 'https://git.example.com/muster/blob/main/src/core/model.ts']]);
  const [open, , close] = await rewritten('../src/core/model.ts');
  expect([open!.tag, close!.tag]).toEqual(['span', 'span']);
  expect(open!.attrs).toContainEqual(['title', 'in the repository: src/core/model.ts']);
  const [own, , end] = await rewritten('policies.md');
  expect([own!.tag, end!.tag, own!.attrs]).toEqual(['a', 'a', [['href', 'policies.md']]]);
});

test('a link that names a page by its file gets the title of the page', async () => {
  const { pageTitles, titleOf } = (await site('page-titles.mjs')) as {
    pageTitles: (md: object, titleFor: (page: string) => string | undefined) => void;
    titleOf: (text: string) => string | undefined;
  };
  const named = (href: string, content: string) => [linkTo(href), { type: 'text', content }, { type: 'link_close' }];
  const links = [named('config.md#ports', 'config.md'), named('config.md', 'settings'), named('config.md', 'rates.md')];
  const push = (_name: string, rule: (state: object) => void) =>
    rule({ tokens: links.map((children) => ({ children })) });
  pageTitles({ core: { ruler: { push } } }, () => titleOf('# Settings of `muster serve`\n'));
  const texts = links.map(([, text]) => (text as { content: string }).content);
  expect(texts).toEqual(['Settings of muster serve', 'settings', 'rates.md']);
});

test('packages of the site are pinned, and its lock file names no registry', () => {
  const { devDependencies } = JSON.parse(docText('docs/site/package.json')) as {
    devDependencies: Record<string, string>;
  };
  expect(Object.values(devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(docText('docs/site/package-lock.json')).not.toContain('"resolved"');
  expect(docText('docs/site/.npmrc')).toContain('ignore-scripts=true');
});

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly permissions?: object; readonly steps: readonly Step[] }>>;
}
interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean | number>>;
}

test('the workflow builds the site as the README says, and only publishing may write', () => {
  const { permissions, jobs } = parse(docText('.github/workflows/docs.yml')) as Workflow;
  const steps = jobs['build']!.steps;
  const commands = steps.flatMap(({ run }) => run ?? []);
  expect(docText('README.md')).toContain(commands.join(' && '));
  expect(steps.at(-1)!.with?.['path']).toBe('docs/site/dist/html');
  expect(docText('docs/site/.vitepress/config.mjs')).toContain("outDir: 'dist/html'");
  expect([permissions, jobs['build']!.permissions]).toEqual([{ contents: 'read' }, undefined]);
  expect(jobs['publish']!.permissions).toEqual({ pages: 'write', 'id-token': 'write' });
  for (const { uses } of Object.values(jobs).flatMap((job) => job.steps))
    if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
});
