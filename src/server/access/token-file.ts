import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync, type Stats } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import { MusterError } from '../../core/errors.ts';

/** How often the file is looked at, at most. */
const LOOK_MS = 1000;
const SHORTEST = 16;
/** More would make every comparison long. */
const MOST = 100;
const READABLE_BY_ALL = 0o004;

type Log = Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;

/**
 * The tokens of a file, one a line, so that a new one can be added before the old one goes. The file is read again when
 * it changed. While it cannot be read or has a mistake, no token counts: to delete it must lock readers out.
 */
export class TokenFile {
  readonly #file: string;
  readonly #log: Log;
  readonly #nowMs: () => number;
  #digests: readonly Buffer[] = [];
  #stamp = '';
  #lookedMs: number;

  /** @throws MusterError MUSTER_FILE_UNREADABLE, MUSTER_USAGE for a file without tokens, or with short ones */
  constructor(file: string, log: Log, nowMs = () => performance.now()) {
    this.#file = file;
    this.#log = log;
    this.#nowMs = nowMs;
    this.#lookedMs = nowMs();
    this.#stamp = stampOf(file);
    this.#digests = digestsIn(file);
    this.#adviseOnMode();
  }

  /** Takes as long for a token that is nearly right as for any other. */
  has(token: string): boolean {
    this.#look();
    const asked = digestOf(token);
    let isThere = false;
    for (const digest of this.#digests) if (timingSafeEqual(digest, asked)) isThere = true;
    return isThere;
  }

  #look(): void {
    if (this.#nowMs() - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = this.#nowMs();
    const stamp = stampOf(this.#file);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#digests = digestsIn(this.#file);
      this.#log.info({ file: this.#file, tokens: this.#digests.length }, 'read tokens reloaded');
      this.#adviseOnMode();
    } catch (error) {
      this.#digests = [];
      this.#log.error(
        { file: this.#file, error: (error as Error).message },
        'read tokens rejected; nobody may read until the file is right again',
      );
    }
  }

  #adviseOnMode(): void {
    const mode = look(this.#file)?.mode ?? 0;
    if ((mode & READABLE_BY_ALL) === 0) return;
    const advice = 'every user of this machine may read the read tokens: chmod 0400, or defaultMode 0440 of the Secret';
    this.#log.warn({ file: this.#file, mode: (mode & 0o777).toString(8) }, advice);
  }
}

const look = (file: string): Stats | undefined => {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

/** A Secret's file is a link, which leads to another file when the Secret changes. */
function stampOf(file: string): string {
  const found = look(file);
  return found ? [found.mtimeMs, found.ctimeMs, found.size, found.ino].join() : 'none';
}

function digestsIn(file: string): readonly Buffer[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `readTokenFile: ${(error as Error).message}.`, { cause: error });
  }
  const lines = text.split('\n').map((line) => line.trim());
  const tokens = lines.filter((line) => line !== '');
  const make = 'make one with: openssl rand -hex 32';
  if (tokens.length === 0) throw new MusterError('MUSTER_USAGE', `readTokenFile ${file}: has no token; ${make}.`);
  if (tokens.length > MOST)
    throw new MusterError('MUSTER_USAGE', `readTokenFile ${file}: has ${tokens.length} tokens; ${MOST} is the most.`);
  const bad = lines.findIndex((line) => line !== '' && !(line.length >= SHORTEST && /^[\w.~+/=-]+$/.test(line)));
  if (bad >= 0)
    throw new MusterError(
      'MUSTER_USAGE',
      `readTokenFile ${file}:${bad + 1}: expected ${SHORTEST} or more letters, digits and .~+/=_- ; ${make}.`,
    );
  return tokens.map(digestOf);
}

/** Digests are of one length, as the comparison needs. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
