/** What a page calls itself. @param {string} text of the document */
export const titleOf = (text) => /^# (.+)$/m.exec(text)?.[1].replaceAll('`', '');

/**
 * Names pages by their titles where a document names the file: readers of the site see no files.
 * @param {import('markdown-it').default} md
 * @param {(page: string) => string | undefined} titleFor of the document's name, such as `install.md`
 */
export function pageTitles(md, titleFor) {
  md.core.ruler.push('page-titles', ({ tokens }) => {
    for (const { children } of tokens) if (children) rename(children, titleFor);
  });
}

function rename(tokens, titleFor) {
  tokens.forEach((token, i) => {
    const text = tokens[i + 1];
    if (token.type !== 'link_open' || text?.type !== 'text' || !/^[\w-]+\.md$/.test(text.content)) return;
    if (token.attrGet('href')?.split('#')[0] !== text.content) return;
    text.content = titleFor(text.content) ?? text.content;
  });
}
