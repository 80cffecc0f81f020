export interface SseEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** A line longer than this is no answer of muster. */
const LONGEST = 8 * 2 ** 20;

/** Takes server-sent events apart as their text arrives. */
export class SseParser {
  #rest = '';

  /** @returns the events that are complete now @throws Error if an event does not end */
  push(text: string): readonly SseEvent[] {
    const parts = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = parts.pop()!;
    if (this.#rest.length > LONGEST) throw new Error('an event of the stream does not end');
    return parts.flatMap((part) => eventOf(part) ?? []);
  }
}

function eventOf(block: string): SseEvent | undefined {
  let event = 'message';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n'), id };
}
