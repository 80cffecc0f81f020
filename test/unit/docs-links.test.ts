import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const DOCS = readdirSync(join(root, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const withoutBlocks = (path: string) => text(path).replace(/^ *```\w*\n[^]*?^ *```$/gm, '');
const anchorsIn = (path: string) =>
  [...withoutBlocks(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

/** Documents beside what they are about: deploy/replay-job/README.md and the like. */
const BESIDE = ['deploy', 'bench', 'scheduler-config', 'src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)README\.md$/.test(file))
    .map((file) => join(folder, file)),
);

test.each([...DOCS, ...BESIDE, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])('links in %s lead somewhere', (doc) => {
  const links = [...withoutBlocks(doc).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, link]) => link!);
  const isBroken = (link: string) => {
    const [file = '', anchor] = link.split('#');
    const path = file === '' ? doc : join(dirname(doc), file);
    return (
      !existsSync(join(root, path)) ||
      (anchor !== undefined && path.endsWith('.md') && !anchorsIn(path).includes(anchor))
    );
  };
  expect(links.filter(isBroken)).toEqual([]);
});

test('documents beside what they are about are looked at, too', () => {
  expect(BESIDE).toEqual(expect.arrayContaining(['deploy/replay-job/README.md', 'scheduler-config/README.md']));
});

test('every metric that a document names is in docs/config.md', () => {
  const config = text('docs/config.md');
  const named = [...DOCS, 'README.md'].flatMap((doc) =>
    [...text(doc).matchAll(/`(muster_[a-z_]+)[{`]/g)].map(([, metric]) => [doc, metric!] as const),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(([, metric]) => !config.includes(metric))).toEqual([]);
});
