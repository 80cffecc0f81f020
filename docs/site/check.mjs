// What the built site must keep: links and anchors lead somewhere, pictures are there, every page has its place in the
// sidebar, and nothing is fetched from another host.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SIDEBAR } from './sidebar.mjs';

const root = new URL('dist/html/', import.meta.url);
const base = process.env.MUSTER_SITE_BASE ?? '/';
const text = (path) => readFileSync(new URL(path, root), 'utf8');
const files = readdirSync(root, { recursive: true }).map((file) => file.replaceAll('\\', '/'));
const pages = files.filter((file) => file.endsWith('.html') && file !== '404.html');
const ids = new Map(
  pages.map((page) => [page, new Set([...text(page).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
);

/** What is wrong with a link or an address of a picture, a style or a script; undefined: nothing. */
function fault(page, address, isFollowed) {
  const url = new URL(address.replaceAll('&amp;', '&'), `https://site.invalid${base}${page}`);
  if (url.protocol === 'data:') return undefined;
  if (url.origin !== 'https://site.invalid') return isFollowed ? undefined : 'is fetched from another host';
  if (!url.pathname.startsWith(base)) return `is outside of ${base}`;
  const path = decodeURIComponent(url.pathname.slice(base.length)) || 'index.html';
  const file = existsSync(new URL(path, root)) && !path.endsWith('/') ? path : `${path}index.html`;
  if (!existsSync(new URL(file, root))) return 'leads nowhere';
  const anchor = decodeURIComponent(url.hash.slice(1));
  return anchor !== '' && ids.has(file) && !ids.get(file).has(anchor) ? 'has no such anchor' : undefined;
}

const faults = [];
const check = (page, address, isFollowed) => {
  const found = fault(page, address, isFollowed);
  if (found !== undefined) faults.push(`${page}: ${address} ${found}`);
};
for (const page of pages) {
  const html = text(page);
  for (const [, address] of html.matchAll(/<a\b[^>]*? href="([^"]*)"/g)) check(page, address, true);
  for (const [, address] of html.matchAll(/<(?:img|script|iframe|source)\b[^>]*? src="([^"]*)"/g)) check(page, address);
  for (const [, address] of html.matchAll(/<link\b[^>]*? href="([^"]*)"/g)) check(page, address);
}
for (const file of files.filter((name) => name.endsWith('.css')))
  for (const [, address] of text(file).matchAll(/url\(["']?([^"')]+)["']?\)/g)) check(file, address);

const placed = new Set(SIDEBAR.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.html`)));
for (const page of pages) if (!placed.has(page)) faults.push(`${page} is not in the sidebar (sidebar.mjs)`);
for (const page of placed) if (!pages.includes(page)) faults.push(`sidebar.mjs names ${page}, which is not there`);

if (faults.length > 0) {
  console.error(`The site has faults:\n${faults.map((one) => `  ${one}`).join('\n')}`);
  process.exitCode = 1;
} else console.log(`${pages.length} pages in ${fileURLToPath(root)}: links, anchors and pictures are there.`);
