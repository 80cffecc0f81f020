import { useRef, useState } from 'preact/hooks';
import { addressOf, ApiError, request } from '../../api/client.ts';
import type { Operation, Parameter as ParameterObject } from './openapi.ts';

/** More of an answer is not shown, in characters. */
const MOST_SHOWN = 100_000;

interface Answer {
  readonly status: string;
  readonly text: string;
}

/** Asks the operation, a GET, with what the reader fills in. */
export function TryIt({ operation: { path, parameters = [] } }: { readonly operation: Operation }) {
  const form = useRef<HTMLFormElement>(null);
  const [answer, setAnswer] = useState<Answer | undefined>();
  const ask = async (event: Event) => {
    event.preventDefault();
    const given = new FormData(form.current!);
    const value = (where: string, name: string) => {
      const one = given.get(`${where} ${name}`);
      return typeof one === 'string' ? one : '';
    };
    const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(value('path', name)));
    const named = parameters.filter((one) => one.in === 'query').map(({ name }) => [name, value('query', name)]);
    setAnswer({ status: 'Reading …', text: '' });
    setAnswer(
      await answerTo(addressOf(filled.replace(/^\//, ''), Object.fromEntries(named) as Record<string, string>)),
    );
  };
  return (
    <form ref={form} class="try" onSubmit={(event) => void ask(event)}>
      {parameters.map((parameter) => (
        <Parameter key={`${parameter.in} ${parameter.name}`} parameter={parameter} />
      ))}
      <button type="submit">Try it</button>
      {answer && (
        <div class="answer" role="status">
          <strong>{answer.status}</strong>
          <pre class="code" tabIndex={0}>
            {answer.text}
          </pre>
        </div>
      )}
    </form>
  );
}

function Parameter({ parameter: { name, in: where, required, schema } }: { readonly parameter: ParameterObject }) {
  return (
    <label class="field">
      <span class="field-label">{name}</span>
      <input
        name={`${where} ${name}`}
        required={required ?? false}
        placeholder={schema?.default === undefined ? '' : JSON.stringify(schema.default)}
        autocomplete="off"
      />
    </label>
  );
}

async function answerTo(url: URL): Promise<Answer> {
  try {
    const stop = new AbortController();
    const answer = await request(url, stop.signal);
    // A stream does not end: its beginning is enough.
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      const { value } = await answer.body!.getReader().read();
      stop.abort();
      return { status: String(answer.status), text: new TextDecoder().decode(value) };
    }
    return { status: String(answer.status), text: shown(await answer.text()) };
  } catch (error) {
    const status = error instanceof ApiError && error.status > 0 ? String(error.status) : 'no answer';
    return { status, text: error instanceof Error ? error.message : '' };
  }
}

function shown(text: string): string {
  const pretty = (() => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  })();
  return pretty.length > MOST_SHOWN ? `${pretty.slice(0, MOST_SHOWN)}\n… (${pretty.length} characters)` : pretty;
}
