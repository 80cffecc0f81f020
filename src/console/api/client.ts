import { onUnauthorized, token } from './session.ts';

/** An answer other than 2xx; status 0: there was none. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** The address of a part of the API. Relative to the page, so that it may be served below any path. */
export function addressOf(path: string, query: Query = {}): URL {
  const url = new URL(path, document.baseURI);
  url.hash = '';
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url;
}

/** Sends a GET with the token. @throws ApiError unless the answer is 2xx; AbortError */
export async function request(url: URL, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  const sent = token.peek();
  const authorization = sent === undefined ? {} : { authorization: `Bearer ${sent}` };
  const options = {
    headers: { ...headers, ...authorization },
    cache: 'no-store',
    ...(signal ? { signal } : {}),
  } as const;
  const answer = await fetch(url, options).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'muster does not answer.');
  });
  if (answer.ok) return answer;
  if (answer.status === 401) onUnauthorized(sent);
  throw new ApiError(answer.status, await problemOf(answer));
}

/** Reads JSON. @param path such as `v1/queues` */
export async function ask<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const answer = await request(addressOf(path, query), signal);
  return (await answer.json()) as T;
}

async function problemOf(answer: Response): Promise<string> {
  const fallback = `muster answered ${answer.status}.`;
  const body: unknown = await answer.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('error' in body)) return fallback;
  return typeof body.error === 'string' ? body.error : fallback;
}

/** The parts of a path, each so that its signs stay what they are. */
export const pathOf = (...parts: readonly string[]) => parts.map(encodeURIComponent).join('/');
