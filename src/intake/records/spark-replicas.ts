import { integerAt, nameAt, objectAt, type Json } from '../field.ts';

/** Of the default resource profile: Spark's StatefulSet allocator (3.3) and its Deployment allocator (4.2). */
export const sparkReplicaSets = (app: string) => [`spark-s-${app}-0`, `spark-d-${app}-0`];

/** How many executors Spark has asked for; undefined for any other StatefulSet or Deployment. */
export function sparkReplicasOf(object: Json): number | undefined {
  const name = nameAt(objectAt(object, 'metadata', 'object') ?? {}, 'name', 'object.metadata');
  if (!/^spark-[sd]-.+-0$/.test(name)) return undefined;
  return integerAt(objectAt(object, 'spec', 'object') ?? {}, 'replicas', 'object.spec') ?? 1;
}
