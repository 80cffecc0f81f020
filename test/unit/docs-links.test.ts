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
const anchorsIn = (path: string) => [...text(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

test.each([...DOCS, 'README.md', 'CONTRIBUTING.md', 'scheduler-config/README.md'])(
  'links in %s lead somewhere',
  (doc) => {
    const links = [...text(doc).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, link]) => link!);
    const isBroken = (link: string) => {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? doc : join(dirname(doc), file);
      return (
        !existsSync(join(root, path)) ||
        (anchor !== undefined && path.endsWith('.md') && !anchorsIn(path).includes(anchor))
      );
    };
    expect(links.filter(isBroken)).toEqual([]);
  },
);

test('every metric that a document names is in docs/config.md', () => {
  const config = text('docs/config.md');
  const named = [...DOCS, 'README.md'].flatMap((doc) =>
    [...text(doc).matchAll(/`(muster_[a-z_]+)[{`]/g)].map(([, metric]) => [doc, metric!] as const),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(([, metric]) => !config.includes(metric))).toEqual([]);
});
