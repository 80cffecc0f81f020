import type { z } from 'zod';

/** The first thing that is wrong: the field, and why. */
export function problemIn({ issues: [issue] }: z.ZodError): string {
  return `${issue!.path.join('.')}: ${issue!.message}`;
}
