import type { Effect } from '../../core/effects.ts';
import { EVERYTHING, type Viewer } from '../api/viewer.ts';
import type { Asker } from './asker.ts';
import { notLoopback, otherName } from './loopback.ts';
import type { Refusal } from './refusal.ts';
import type { TokenFile } from './token-file.ts';

/** What somebody may see, or why nothing. */
export type Verdict =
  { readonly viewer: Viewer; readonly refusal?: never } | { readonly refusal: Refusal; readonly viewer?: never };

/** Of somebody who may not read, and asks what the server is. */
export const NOTHING: Viewer = { seesAll: false, seesNodes: false, sees: () => false };

/** Decides who may read. */
export interface ReadAccess {
  /** Whether a bearer token is asked for. */
  readonly needsToken: boolean;
  /** @param namespace the one that the request is about, if it names one */
  decide(asker: Asker, namespace?: string): Verdict | Promise<Verdict>;
  /** Is told which gangs something befell, if it wants to know. */
  onEffects?(effects: readonly Effect[]): void;
}

const ALL = { viewer: EVERYTHING } as const;
const verdict = (refusal: Refusal | undefined): Verdict => (refusal ? { refusal } : ALL);

/** This machine alone, under a name that is its own. @param names beside localhost and addresses */
export const loopbackAlone = (names: readonly string[] = []): ReadAccess => ({
  needsToken: false,
  decide: (asker) => verdict(notLoopback(asker) ?? otherName(asker, names)),
});

/** Everybody who reaches the port. @param names under which muster may be asked; none: any */
export const anyone = (names: readonly string[]): ReadAccess => ({
  needsToken: false,
  decide: (asker) => verdict(names.length === 0 ? undefined : otherName(asker, names)),
});

/** Who has one of the tokens. */
export const tokenHolders = (tokens: TokenFile): ReadAccess => ({
  needsToken: true,
  decide: ({ token }) => verdict(token !== undefined && tokens.has(token) ? undefined : wrongToken(token)),
});

function wrongToken(token: string | undefined): Refusal {
  const error =
    token === undefined
      ? 'A token is required: send the header "Authorization: Bearer TOKEN", with a token of the file that readTokenFile names.'
      : 'The token is none of the file that readTokenFile names, or not any more: ask who runs muster for the new one.';
  return { status: 401, reason: 'token', error };
}
