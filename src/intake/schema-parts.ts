import { z } from 'zod';
import { parseDuration } from './duration.ts';

const DURATION = 'expected a duration such as 90s, 10m, 1h30m, 0 or never';

/** A duration in a policy file; the result is in ms. */
export function duration(fallbackMs: number) {
  return z
    .union([z.string(), z.number()], { error: DURATION })
    .transform((value, ctx) => {
      const ms = parseDuration(String(value));
      if (ms !== undefined) return ms;
      ctx.issues.push({ code: 'custom', input: value, message: DURATION });
      return z.NEVER;
    })
    .default(fallbackMs);
}

export const mapOf = <T>(record: Readonly<Record<string, T>>): ReadonlyMap<string, T> =>
  new Map(Object.entries(record));

/** A whole number; absent: no limit. */
export const limit = z.int().min(0).max(1_000_000_000).default(Infinity);

/** Names of namespaces, with `*` for any letters. */
export const namespacePatterns = z
  .array(
    z
      .string()
      .regex(
        /^[-a-z0-9*]{1,63}$/,
        'expected a namespace or a pattern such as etl-* (lower-case letters, digits, -, *)',
      ),
  )
  .default([]);
