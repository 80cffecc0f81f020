import type { Asker } from './asker.ts';
import { shortened, type Refusal } from './refusal.ts';

/**
 * Refuses what a browser sends for a page of another site: such a page could not read the answer, but it could make
 * muster work. Browsers say so in Sec-Fetch-Site, and where they do not, in Origin. Programs send neither.
 */
export function otherSite({ fetchSite, origin, host }: Asker): Refusal | undefined {
  const isSame = fetchSite === undefined ? isOriginOf(origin, host) : SAME.has(fetchSite);
  if (isSame) return undefined;
  const whose = origin === undefined || origin === 'null' ? 'a page of another site' : shortened(origin);
  const error = `This request was made for ${whose}, which may not read here: open muster's own page, or ask with a program such as curl.`;
  return { status: 403, reason: 'site', error };
}

/** `none`: the address bar, a bookmark. */
const SAME = new Set(['same-origin', 'none']);

/** Browsers leave a scheme's usual port out of both headers. A proxy may end HTTPS: the scheme does not count. */
const isOriginOf = (origin: string | undefined, host: string): boolean =>
  origin === undefined || origin.replace(/^https?:\/\//, '') === host.toLowerCase();
