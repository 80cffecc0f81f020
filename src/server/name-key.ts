import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { MusterError } from '../core/errors.ts';
import { AS_WRITTEN, type NameOf } from '../core/history/keys.ts';
import type { NamesIn } from '../intake/history-file.ts';

/** How names stand in a history. */
export interface NameKey {
  readonly names: NamesIn;
  readonly nameOf: NameOf;
}

const PLAIN_NAMES: NameKey = { names: 'plain', nameOf: AS_WRITTEN };

const LEAST_BYTES = 16;
/** Of the names that were asked for last, what stands for them is kept: computing it takes microseconds. */
const KEPT_NAMES = 10_000;

/**
 * Keyed hashes (HMAC-SHA256) in place of names, with the key of a file: a line break at its end does not count. Whoever has
 * the history and not the key can tell neither the names nor whether one that they guess is among them.
 * @throws MusterError MUSTER_USAGE, MUSTER_FILE_UNREADABLE
 */
export function nameKeyOf(file: string | undefined): NameKey {
  if (file === undefined) return PLAIN_NAMES;
  const key = keyIn(file);
  const hash = (text: string) => createHmac('sha256', key).update(text).digest();
  const kept = new LRUCache<string, string>({ max: KEPT_NAMES });
  const nameOf = (names: string) => {
    const known = kept.get(names);
    if (known !== undefined) return known;
    const made = hash(`name ${names}`).toString('base64url').slice(0, 22);
    kept.set(names, made);
    return made;
  };
  return { names: `hashed ${hash('key').toString('hex').slice(0, 8)}`, nameOf };
}

function keyIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  const key = text.replace(/\r?\n$/, '');
  if (Buffer.byteLength(key) >= LEAST_BYTES) return key;
  const what = `${file}: a key of at least ${LEAST_BYTES} bytes is needed, got ${Buffer.byteLength(key)}`;
  throw new MusterError('MUSTER_USAGE', `${what}; make one with: openssl rand -hex 32 > ${file}.`);
}
