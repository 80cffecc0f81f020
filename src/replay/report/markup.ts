/** Text that is HTML already. Only `html` and `trusted` make it, so that all other text is escaped on its way into the page. */
export class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

type Part = string | number | Markup | readonly Part[];

/** HTML from a template. Strings are escaped, for elements and for quoted attributes; lists stand one after the other. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.reduce((before, text, i) => before + rendered(parts[i - 1] ?? '') + text));
}

function rendered(part: Part): string {
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  if (typeof part === 'number' || part instanceof Markup) return String(part);
  return part.map(rendered).join('');
}

/** For text of this program, such as a style sheet; never for text of a result. */
export const trusted = (text: string): Markup => new Markup(text);

export const NOTHING = html``;
