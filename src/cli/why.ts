import { MusterError } from '../core/errors.ts';
import type { JobRecord } from '../replay/job-record.ts';
import { nearest } from '../core/nearest.ts';
import { whyText } from '../replay/report/why-text.ts';
import { readJobs } from './jobs-in.ts';
import { widthOf } from './streams.ts';
import { inputOf } from './workload.ts';

export interface WhyFlags {
  readonly policy?: string;
}

const NEAREST = 5;

/** `muster why JOB FILE`: what a job waited for, from what `replay --jobs` wrote. @returns 0 found, 1 not found */
export async function whyCommand(id: string, path: string, { policy }: WhyFlags): Promise<number> {
  const found: JobRecord[] = [];
  const [ids, policies] = [new Set<string>(), new Set<string>()];
  for await (const record of readJobs(await inputOf(path))) {
    ids.add(record.id);
    policies.add(record.policy);
    if (record.id === id) found.push(record);
  }
  if (policy !== undefined && !policies.has(policy))
    throw new MusterError('MUSTER_USAGE', `--policy: ${path} has ${[...policies].join(', ')}, not ${policy}.`);
  if (found.length === 0) {
    const others = nearest(id, [...ids], NEAREST).join(', ');
    process.stdout.write(`There is no job ${id} in ${path}; the nearest are ${others || 'none: it has no jobs'}.\n`);
    return 1;
  }
  const asked = found.filter((one) => policy === undefined || one.policy === policy);
  process.stdout.write(`${whyText(asked, widthOf(process.stdout))}\n`);
  return 0;
}
