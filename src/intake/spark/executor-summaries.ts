import { MusterError } from '../../core/errors.ts';
import type { WorkFigures } from '../../core/model.ts';
import { asObject, own, textAt } from '../field.ts';

const MAX_EXECUTORS = 100_000;

/**
 * What `/api/v1/applications/APP/executors` of a Spark driver says (ExecutorSummary, api.scala, Spark 3.5): tasks' time
 * in ms, shuffle output and cached blocks in bytes.
 * @returns by executor id (label spark-exec-id); the driver itself is left out
 * @throws MusterError MUSTER_OBJECT_INVALID for anything else than a list of objects
 */
export function executorFigures(text: string): ReadonlyMap<string, WorkFigures> {
  const where = 'executors';
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    list = undefined;
  }
  if (!Array.isArray(list) || list.length > MAX_EXECUTORS)
    throw new MusterError('MUSTER_OBJECT_INVALID', `${where}: expected a list of at most ${MAX_EXECUTORS} executors.`);
  const out = new Map<string, WorkFigures>();
  list.forEach((item: unknown, i) => {
    const one = asObject(item, `${where}[${i}]`);
    const id = textAt(one, 'id', `${where}[${i}]`);
    if (!id || id === 'driver') return;
    const amount = (key: string) => amountOf(own(one, key));
    const keptBytes = amount('totalShuffleWrite') + amount('memoryUsed') + amount('diskUsed');
    out.set(id, { taskSeconds: amount('totalDuration') / 1000, keptBytes });
  });
  return out;
}

/** Fields come and go between versions: what is no amount says nothing. */
const amountOf = (value: unknown) => (typeof value === 'number' && value > 0 && value < 2 ** 60 ? value : 0);
