import { signal } from '@preact/signals';

/** The bearer token of the reader: kept for this tab alone, and sent in the header Authorization. */

const KEY = 'muster.token';

/** Absent: none was given. */
export const token = signal<string | undefined>(sessionStorage.getItem(KEY) ?? undefined);

/** `asked`: the server wants a token. `refused`: it did not take the one that was given. */
export const signIn = signal<'none' | 'asked' | 'refused'>('none');

export function useToken(given: string): void {
  sessionStorage.setItem(KEY, given);
  token.value = given;
  signIn.value = 'none';
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  token.value = undefined;
}

/** The server answered 401. @param sent the token that the request had */
export function onUnauthorized(sent: string | undefined): void {
  if (sent !== token.peek()) return;
  forgetToken();
  signIn.value = sent === undefined ? 'asked' : 'refused';
}
