import { posix } from 'node:path';

const ROOT = 'https://repository.invalid/docs/';
const isOurs = ({ origin }) => origin === 'https://repository.invalid';

/**
 * Where a link of a document leads: undefined for a page or a picture of the site, else the path of the file in the
 * repository, such as `src/core/model.ts`.
 * @param {string} href as the document has it
 * @param {string} page path of the document under docs/
 */
export function inRepository(href, page) {
  if (href.startsWith('#')) return undefined;
  const url = new URL(href, new URL(page, ROOT));
  if (!isOurs(url)) return undefined;
  const path = decodeURIComponent(url.pathname).slice(1);
  const isOfSite = path.startsWith('docs/') && !path.startsWith('docs/site/') && /\.(md|png|svg)$/.test(path);
  return isOfSite ? undefined : posix.normalize(path) + url.hash;
}

/**
 * Makes links to files beside docs/ lead to the repository. Where its address is not known they become text that names
 * the file: a site that is read from a disk has no such file.
 * @param {import('markdown-it').default} md
 * @param {string | undefined} repository address of its files, without the path
 */
export function repositoryLinks(md, repository) {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) if (children) rewrite(children, env.relativePath ?? 'index.md', repository);
  });
}

function rewrite(tokens, page, repository) {
  let path;
  for (const token of tokens) {
    if (token.type === 'link_open') {
      path = inRepository(token.attrGet('href') ?? '', page);
      if (path === undefined) continue;
      if (repository === undefined) asText(token, path);
      else token.attrSet('href', `${repository.replace(/\/$/, '')}/${path}`);
    } else if (token.type === 'link_close') {
      if (path !== undefined && repository === undefined) token.tag = 'span';
      path = undefined;
    }
  }
}

function asText(token, path) {
  token.type = 'in_repository_open';
  token.tag = 'span';
  token.attrs = [
    ['class', 'in-repository'],
    ['title', `in the repository: ${path}`],
  ];
}
