import { MusterError } from '../../core/errors.ts';
import type { WorkFigures } from '../../core/model.ts';
import { asObject, own, textAt } from '../field.ts';

const MAX_EXECUTORS = 100_000;

/**
 * Reads the answer of a Spark driver's `/api/v1/applications/APP/executors` (ExecutorSummary, api.scala, Spark 3.5):
 * the tasks' time in ms, shuffle output and cached blocks in bytes.
 * @returns figures by executor id (label spark-exec-id), without the driver
 * @throws MusterError MUSTER_OBJECT_INVALID for anything but a list of objects
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

/** 0 for anything but a plausible amount, since fields come and go between versions. */
const amountOf = (value: unknown) => (typeof value === 'number' && value > 0 && value < 2 ** 60 ? value : 0);
