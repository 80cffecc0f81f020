import { bytesField, encode, enveloped } from '../../test/support/protobuf/encode.ts';

type Json = Readonly<Record<string, unknown>>;

/** How a list is written. */
export type Format = 'json' | 'protobuf';

/** Objects that differ in a few texts alone, each of which has the same length in all of them. */
export interface Listed {
  /** Such as `Pod`. */
  readonly kind: string;
  readonly count: number;
  /** The objects in turn, with `holes` in them. */
  readonly patterns: readonly Json[];
  /** Texts that stand for others. */
  readonly holes: readonly string[];
  /** What the holes of object `i` say. */
  readonly texts: (i: number) => readonly string[];
}

interface Hole {
  readonly at: number;
  readonly item: number;
  /** Which of the holes. */
  readonly which: number;
}

interface Template {
  readonly bytes: Buffer;
  readonly holes: readonly Hole[];
  /** Where the token of the next page is. */
  readonly tokenAt: number;
}

const VERSION = '1';
const TOKEN = 'token-00000000';

/**
 * The pages of a list, made beforehand but for the texts in which their objects differ: those are written into a copy of
 * the page, so that the server takes little time of the machine.
 */
export class ListPages {
  readonly #listed: Listed;
  readonly #format: Format;
  readonly #templates = new Map<string, Template>();
  readonly #patterns: readonly Buffer[];

  constructor(listed: Listed, format: Format) {
    this.#listed = listed;
    this.#format = format;
    this.#patterns = listed.patterns.map((pattern) => {
      if (format === 'json') return Buffer.from(JSON.stringify(pattern));
      return bytesField(2, encode(listed.kind, pattern, { isZeroWritten: () => true }));
    });
  }

  /** The bytes of the first object. */
  get objectBytes(): number {
    return this.#patterns[0]?.length ?? 0;
  }

  /** @param limit a multiple of the number of patterns */
  page(token: string, limit: number): Buffer {
    const { count, texts } = this.#listed;
    const from = token === '' ? 0 : Number(token.replace('token-', ''));
    const to = Math.min(count, from + limit);
    const { bytes, holes, tokenAt } = this.#template(to - from, to < count);
    const page = Buffer.from(bytes);
    let told = { item: -1, texts: [] as readonly string[] };
    for (const { at, item, which } of holes) {
      if (item !== told.item) told = { item, texts: texts(from + item) };
      page.write(told.texts[which]!, at, 'latin1');
    }
    if (to < count) page.write(TOKEN.slice(0, 6) + String(to).padStart(8, '0'), tokenAt, 'latin1');
    return page;
  }

  #template(items: number, hasMore: boolean): Template {
    const key = `${items} ${hasMore}`;
    const known = this.#templates.get(key);
    if (known) return known;
    const bytes = this.#bytesOf(items, hasMore);
    const made = { bytes, holes: this.#holesIn(bytes), tokenAt: bytes.indexOf(TOKEN) };
    this.#templates.set(key, made);
    return made;
  }

  #bytesOf(items: number, hasMore: boolean): Buffer {
    const all = Array.from({ length: items }, (_, i) => this.#patterns[i % this.#patterns.length]!);
    const metadata = { resourceVersion: VERSION, ...(hasMore ? { continue: TOKEN } : {}) };
    if (this.#format === 'json')
      return Buffer.from(`{"metadata":${JSON.stringify(metadata)},"items":[${all.join(',')}]}`);
    const list = Buffer.concat([bytesField(1, encode('ListMeta', metadata)), ...all]);
    return enveloped(`${this.#listed.kind}List`, list);
  }

  /** Items begin in order, and each has the first hole, its name, before any other object's. */
  #holesIn(bytes: Buffer): readonly Hole[] {
    const { holes, patterns } = this.#listed;
    const perItem = patterns.map((pattern) => {
      const text = JSON.stringify(pattern);
      return holes.map((hole) => text.split(hole).length - 1);
    });
    return holes.flatMap((hole, which) => {
      const found: Hole[] = [];
      let [item, left] = [-1, 0];
      for (let at = bytes.indexOf(hole); at >= 0; at = bytes.indexOf(hole, at + 1)) {
        while (left === 0) left = perItem[++item % patterns.length]![which]!;
        found.push({ at, item, which });
        left--;
      }
      return found;
    });
  }
}
