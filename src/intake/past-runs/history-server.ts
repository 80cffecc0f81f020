import { asObject, flagAt, integerAt, nameAt, objectsAt, textAt, type Json } from '../field.ts';
import { MusterError } from '../../core/errors.ts';
import { sparkAppOf, type PastRun } from './past-run.ts';

/**
 * The runs in an answer of Spark's History Server to /api/v1/applications (Spark 2.0 to 4.1). It does not say where they
 * ran and with how many executors. An attempt before the last one has failed; the last is taken for a success.
 * @returns the runs, and how many attempts have no end
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function historyServerRuns(apps: readonly unknown[]): {
  readonly runs: readonly PastRun[];
  readonly open: number;
} {
  const runs: PastRun[] = [];
  let open = 0;
  for (const [at, value] of apps.entries()) {
    const app = asObject(value, `[${at}]`);
    const attempts = objectsAt(app, 'attempts', `[${at}]`);
    // The last attempt stands first.
    for (const [i, attempt] of attempts.entries()) {
      const run = runOf(app, attempt, { where: `[${at}].attempts[${i}]`, isLast: i === 0 });
      if (run) runs.push(run);
      else open++;
    }
  }
  return { runs, open };
}

function runOf(
  app: Json,
  attempt: Json,
  { where, isLast }: { readonly where: string; readonly isLast: boolean },
): PastRun | undefined {
  if (!flagAt(attempt, 'completed', where)) return undefined;
  const [startedMs, endedMs] = [timeAt(attempt, 'startTimeEpoch', where), timeAt(attempt, 'endTimeEpoch', where)];
  const user = textAt(attempt, 'sparkUser', where);
  const name = sparkAppOf(nameAt(app, 'name', where));
  return {
    ...(name === undefined ? {} : { app: name }),
    ...(user ? { user } : {}),
    endedMs,
    ended: { ranMs: Math.max(0, endedMs - startedMs), how: isLast ? 'succeeded' : 'failed' },
  };
}

function timeAt(attempt: Json, key: string, where: string): number {
  const ms = integerAt(attempt, key, where);
  if (ms !== undefined && ms >= 0) return ms;
  throw new MusterError('MUSTER_OBJECT_INVALID', `${where}.${key}: expected a time in ms, got ${String(ms)}.`);
}
