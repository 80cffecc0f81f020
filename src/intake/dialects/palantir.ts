import { MusterError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { parseQuantity, wholeUnits } from '../quantity.ts';
import { shown } from '../wording.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import { invalid, MAX_MEMBERS, problemOf } from './dialect-helpers.ts';

const APP_LABELS = ['spark-app-id', 'spark-app-selector'];

/**
 * The annotations of palantir/k8s-spark-scheduler (its docs and internal/types, commit acc007d3): sizes and count on
 * the driver, labels `spark-app-id` and `spark-role` on every pod.
 *
 * Only `spark-app-id` identifies executors: Spark itself sets `spark-app-selector` on every executor, also where the
 * driver declares nothing, and those executors would never start.
 */
export const palantir: Dialect = (input) => {
  const { pod, annotations } = input;
  const role = pod.labels.get('spark-role');
  const isDriver = role === 'driver' && [...annotations.keys()].some((key) => DRIVER_ANNOTATIONS.has(key));
  const app = isDriver ? firstLabel(pod.labels) : pod.labels.get('spark-app-id');
  if (!app || (!isDriver && role !== 'executor')) return undefined;
  const gang = `${pod.namespace}/${app}`;
  if (!isDriver) return { gang, role: 'executor' };
  try {
    const roles = [driverRole(input), executorRole(input)];
    return { gang, role: 'driver', spec: { key: gang, namespace: pod.namespace, name: app, roles, queue: 'default' } };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return { gang, role: 'driver', problem: problemOf(error) };
  }
};

const DRIVER_ANNOTATIONS = new Set([
  'spark-driver-cpu',
  'spark-driver-mem',
  'spark-driver-nvidia.com/gpu',
  'spark-executor-cpu',
  'spark-executor-mem',
  'spark-executor-nvidia.com/gpu',
  'spark-executor-count',
  'spark-dynamic-allocation-enabled',
  'spark-dynamic-allocation-min-executor-count',
  'spark-dynamic-allocation-max-executor-count',
]);

function firstLabel(labels: ReadonlyMap<string, string>): string | undefined {
  return APP_LABELS.map((key) => labels.get(key)).find((value) => value);
}

/** Takes the driver's requests from the pod; the annotations about the driver are not read. */
function driverRole({ pod }: DialectInput): Role {
  return { name: 'driver', count: 1, min: 1, request: pod.request, constraints: pod.constraints };
}

function executorRole({ pod, annotations }: DialectInput): Role {
  const request = new Map([['pods', 1]]);
  const read = (annotation: string, resource: string, isNeeded: boolean) => {
    const text = annotations.get(annotation);
    if (text === undefined && !isNeeded) return;
    if (text === undefined) throw invalid(`annotation ${annotation} is missing`);
    const where = `annotation ${annotation}`;
    request.set(resource, wholeUnits(parseQuantity(text, where), resource, where));
  };
  read('spark-executor-cpu', 'cpu', true);
  read('spark-executor-mem', 'memory', true);
  read('spark-executor-nvidia.com/gpu', 'nvidia.com/gpu', false);
  const prefix = 'spark-dynamic-allocation';
  const isDynamic = flagOf(annotations, `${prefix}-enabled`);
  const min = countAt(annotations, isDynamic ? `${prefix}-min-executor-count` : 'spark-executor-count');
  const count = isDynamic ? countAt(annotations, `${prefix}-max-executor-count`) : min;
  if (count < min) throw invalid(`annotation ${prefix}-max-executor-count: ${count} is less than the minimum ${min}`);
  return { name: 'executor', count, min, request, constraints: pod.constraints };
}

function flagOf(annotations: ReadonlyMap<string, string>, annotation: string): boolean {
  const text = annotations.get(annotation) ?? 'false';
  if (!/^(true|false)$/i.test(text))
    throw invalid(`annotation ${annotation}: expected true or false, got ${shown(text)}`);
  return text.toLowerCase() === 'true';
}

function countAt(annotations: ReadonlyMap<string, string>, annotation: string): number {
  const text = annotations.get(annotation);
  if (text === undefined) throw invalid(`annotation ${annotation} is missing`);
  const count = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (count > MAX_MEMBERS)
    throw invalid(`annotation ${annotation}: expected a number from 0 to ${MAX_MEMBERS}, got ${shown(text)}`);
  return count;
}
