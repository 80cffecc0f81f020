import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../anchors.mjs';
import { pageTitles, titleOf } from '../page-titles.mjs';
import { repositoryLinks } from '../repository-links.mjs';
import { SIDEBAR } from '../sidebar.mjs';

/** Where the files of the repository are shown, such as https://git.example.com/muster/blob/main. */
const repository = process.env.MUSTER_REPOSITORY;
/** The path under which the site is served, with a slash at both ends. */
const base = process.env.MUSTER_SITE_BASE ?? '/';

const titleFor = (page) => {
  const file = new URL(`../../${page}`, import.meta.url);
  return existsSync(file) ? titleOf(readFileSync(file, 'utf8')) : undefined;
};

/** People search for the words of a message: all of them count, and the page that explains messages comes first. */
const SEARCH = {
  combineWith: 'AND',
  fuzzy: 0.1,
  boostDocument: (id) => (id.includes('when-something-is-wrong') ? 4 : 1),
};

export default defineConfig({
  title: 'muster',
  description: 'A batch-aware scheduler extender for Kubernetes: whole gangs or nobody',
  lang: 'en',
  base,
  srcDir: 'dist/pages',
  outDir: 'dist/html',
  cacheDir: 'node_modules/.cache/vitepress',
  cleanUrls: false,
  // A link to a page that is not there fails the build; check.mjs looks at anchors, pictures and foreign requests.
  ignoreDeadLinks: false,
  head: [
    ['meta', { name: 'color-scheme', content: 'light dark' }],
    ['link', { rel: 'icon', href: `${base}icon.svg`, type: 'image/svg+xml' }],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      repositoryLinks(md, repository);
      pageTitles(md, titleFor);
    },
  },
  vite: { publicDir: fileURLToPath(new URL('../public', import.meta.url)) },
  themeConfig: {
    siteTitle: 'muster',
    search: { provider: 'local', options: { miniSearch: { searchOptions: SEARCH } } },
    outline: { level: [2, 3], label: 'On this page' },
    sidebar: SIDEBAR,
    nav: [
      { text: 'Run a job', link: '/run-my-spark-job' },
      { text: 'Install', link: '/install' },
      { text: 'When something is wrong', link: '/when-something-is-wrong' },
    ],
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
