/** One event of a stream of server-sent events. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has told; empty: none yet. */
  readonly id: string;
}

/** An event that is longer was not made by muster. */
const MOST_CHARS = 4 * 2 ** 20;

/**
 * Reads server-sent events (HTML standard, 9.2.6) from the chunks of a body. Comments and unknown fields are left out.
 * @throws Error for a line or an event longer than 4 Mi characters
 */
export async function* eventsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<ServerEvent> {
  let [event, id] = ['', ''];
  let data: string[] = [];
  let size = 0;
  for await (const line of linesOf(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
      [event, data, size] = ['', [], 0];
      continue;
    }
    if ((size += line.length) > MOST_CHARS) throw new Error('the stream has an event that is too long');
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    if (rest.length > MOST_CHARS) throw new Error('the stream has a line that is too long');
    yield* lines;
  }
}
