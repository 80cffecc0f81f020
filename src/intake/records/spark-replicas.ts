import { integerAt, nameAt, objectAt, type Json } from '../field.ts';

/**
 * The objects of the default resource profile, from Spark's StatefulSet allocator (3.3) and Deployment allocator (4.2).
 */
export const sparkReplicaSets = (app: string) => [`spark-s-${app}-0`, `spark-d-${app}-0`];

/** The number of executors that Spark has requested; undefined for any other StatefulSet or Deployment. */
export function sparkReplicasOf(object: Json): number | undefined {
  const name = nameAt(objectAt(object, 'metadata', 'object') ?? {}, 'name', 'object.metadata');
  if (!/^spark-[sd]-.+-0$/.test(name)) return undefined;
  return integerAt(objectAt(object, 'spec', 'object') ?? {}, 'replicas', 'object.spec') ?? 1;
}
