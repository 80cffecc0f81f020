import type { JobRecord } from '../companions.ts';
import { integerAt, objectAt, textAt, type Json } from '../field.ts';

/** A batch/v1 Job. @throws MusterError MUSTER_OBJECT_INVALID */
export function jobOf(object: Json): JobRecord {
  const spec = objectAt(object, 'spec', 'Job') ?? {};
  const completions = integerAt(spec, 'completions', 'Job.spec');
  return {
    parallelism: integerAt(spec, 'parallelism', 'Job.spec') ?? 1,
    ...(completions === undefined ? {} : { completions }),
    isIndexed: textAt(spec, 'completionMode', 'Job.spec') === 'Indexed',
  };
}
