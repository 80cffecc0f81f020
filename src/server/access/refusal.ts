/** Why somebody may not read, for the counter of refusals. */
type RefusalReason = 'site' | 'host' | 'forwarded' | 'address' | 'token' | 'busy' | 'api-server';

/** The answer to somebody who may not read. */
export interface Refusal {
  readonly status: 401 | 403 | 429 | 503;
  readonly reason: RefusalReason;
  /** What is wrong, and what to do. */
  readonly error: string;
}

/** Texts of the asker are shown so far. */
const SHOWN = 100;

export const shortened = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text);
