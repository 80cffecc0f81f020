import { signal } from '@preact/signals';
import { hrefOf, parseRoute, type Route } from './address.ts';

/** Where the reader is. */
export const route = signal<Route>(parseRoute(location.hash));
addEventListener('hashchange', () => (route.value = parseRoute(location.hash)));

/** Opens another page. */
export const go = (href: string) => (location.hash = href);

/** Changes a part of the query; an empty value removes it. The way back does not grow. */
export function setQuery(change: Readonly<Record<string, string>>): void {
  const { page, parts, query } = route.peek();
  const next = hrefOf(page, parts, { ...query, ...change });
  history.replaceState(null, '', next);
  route.value = parseRoute(next);
}
