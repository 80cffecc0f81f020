import { setImmediate } from 'node:timers/promises';
import { MusterError } from '../../core/errors.ts';
import type { Slices } from '../../core/work.ts';

export type InTurn = <T>(begin: () => Slices<T>) => Promise<T>;

/** More questions at once are refused: each may take a second of work. */
const MOST_WAITING = 32;

/**
 * Does the work of one question after the other, in slices: kube-scheduler's questions are answered between them.
 * Rejects with MUSTER_BUSY where too many wait.
 */
export function inTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async <T>(begin: () => Slices<T>): Promise<T> => {
    if (waiting >= MOST_WAITING) throw new MusterError('MUSTER_BUSY', `${MOST_WAITING} questions are being answered.`);
    waiting++;
    const mine = last.then(async () => {
      const slices = begin();
      for (;;) {
        const { done, value } = slices.next();
        if (done) return value;
        await setImmediate();
      }
    });
    last = mine.catch(() => undefined).finally(() => waiting--);
    return mine;
  };
}
