import { objectAt, objectsAt, own, textAt, type Json } from '../field.ts';

/**
 * Whether Spark made this pod to run a driver. It did not make the pods that drivers in client mode run in: notebooks,
 * workers of Airflow, servers of Connect that were not submitted.
 */
export function isSparkDriver(labels: ReadonlyMap<string, string>, object: Json): boolean {
  if (!labels.get('spark-app-selector')) return false;
  const role = labels.get('spark-role');
  return role === 'driver' || (role === 'connect-server' && volumeOf(object, 'spark-conf-volume-driver') !== undefined);
}

/** The name of the ConfigMap behind a volume of the pod. */
export function volumeOf(object: Json, volume: string): string | undefined {
  const spec = objectAt(object, 'spec', 'Pod') ?? {};
  const found = objectsAt(spec, 'volumes', 'Pod.spec').find((one) => own(one, 'name') === volume);
  const source = found && objectAt(found, 'configMap', `Pod.spec.volumes[${volume}]`);
  return source && textAt(source, 'name', `Pod.spec.volumes[${volume}].configMap`);
}
