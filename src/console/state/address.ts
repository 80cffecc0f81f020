/** Addresses within the page: the hash, as `#/PAGE/PART...?name=value`. */

export interface Route {
  readonly page: string;
  readonly parts: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** @param hash with or without its # */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [page = '', ...parts] = path.split('/').map(decoded);
  return { page: page === '' ? 'waiting' : page, parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The address of a page, as a link has it. */
export function hrefOf(
  page: string,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string>> = {},
): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${[page, ...parts].map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page of a gang. @param gang namespace/name */
export function gangHref(gang: string): string {
  const [namespace = '', ...name] = gang.split('/');
  return hrefOf('gang', [namespace, name.join('/')]);
}
