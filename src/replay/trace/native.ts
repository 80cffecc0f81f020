import { createInterface } from 'node:readline';
import { z } from 'zod';
import { WORK_CLASSES } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import { amounts, mib } from './draw.ts';
import { unreadable, type InputFile } from './input-file.ts';
import type { TraceJob } from './job.ts';
import { MAX_WORKERS, type ReadJobs, type TraceReader } from './reader.ts';
import { traceError } from './source.ts';

const MAX_LINE = 1024 * 1024;
const MIB = 2 ** 20;
const amount = z.int().min(0);
const shape = {
  cpu_m: amount,
  mem_mib: z
    .number()
    .min(0)
    .max(2 ** 30),
  gpu: amount.default(0),
};

/** One line of muster's own format; docs/traces.md. */
const Line = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,198}[A-Za-z0-9])?$/, 'expected letters, digits, -, _ and .'),
    submit_s: z.number().min(0),
    namespace: z.string().min(1).max(63).default('default'),
    queue: z.string().max(63).default('default'),
    user: z.string().max(200).default(''),
    app: z.string().min(1).max(200).optional(),
    class: z.enum(WORK_CLASSES).optional(),
    priority: z.int().default(0),
    driver: z.strictObject(shape),
    executors: z
      .strictObject({ count: z.int().min(0).max(MAX_WORKERS), min: z.int().min(0).optional(), ...shape })
      .optional(),
    duration_s: z.number().min(0),
    node_labels: z.record(z.string(), z.array(z.string())).default({}),
    fails_at: z.number().min(0).max(1).optional(),
    deadline_s: z.number().min(0).optional(),
    expected_s: z.number().positive().optional(),
  })
  .refine(({ executors }) => (executors?.min ?? 0) <= (executors?.count ?? 0), {
    path: ['executors', 'min'],
    message: 'must be at most executors.count',
  });

/** muster's own format: one job per line, as JSON. */
export const native: TraceReader = {
  format: 'muster',
  work: 'spark',
  recognises: (line) => line.startsWith('{'),
  async read({ file }): Promise<ReadJobs> {
    const jobs: TraceJob[] = [];
    const ids = new Set<string>();
    let row = 0;
    try {
      for await (const line of createInterface({ input: file.open(), crlfDelay: Infinity })) {
        row++;
        if (line.trim() === '') continue;
        const job = parseLine(line, file, row);
        if (ids.has(job.id)) throw traceError(file, row, `field id: another line has the id "${job.id}"`);
        ids.add(job.id);
        jobs.push(job);
      }
    } catch (error) {
      throw unreadable(file, error);
    }
    return { jobs, notes: [], drawn: [] };
  },
};

function parseLine(line: string, file: InputFile, row: number): TraceJob {
  if (line.length > MAX_LINE) throw traceError(file, row, `the line must be at most ${MAX_LINE} characters long`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw traceError(file, row, `expected a line of JSON: ${(error as Error).message}`);
  }
  const parsed = Line.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw traceError(file, row, `field ${issue!.path.join('.') || '(the line)'}: ${issue!.message}`);
  }
  const { data } = parsed;
  const { executors } = data;
  return {
    id: data.id,
    submitMs: Math.round(data.submit_s * 1000),
    namespace: data.namespace,
    queue: data.queue,
    user: data.user,
    ...(data.app === undefined ? {} : { app: data.app }),
    ...(data.class === undefined ? {} : { class: data.class }),
    priority: data.priority,
    leader: toResources(data.driver),
    workers: executors
      ? { count: executors.count, min: executors.min ?? executors.count, request: toResources(executors) }
      : { count: 0, min: 0, request: new Map() },
    durationMs: Math.round(data.duration_s * 1000),
    nodeLabels: new Map(Object.entries(data.node_labels)),
    ...(data.fails_at === undefined ? {} : { failsAt: data.fails_at }),
    ...(data.deadline_s === undefined ? {} : { deadlineMs: Math.round(data.deadline_s * 1000) }),
    ...(data.expected_s === undefined ? {} : { expectedMs: Math.round(data.expected_s * 1000) }),
    source: file.name,
    row,
  };
}

const toResources = (one: { cpu_m: number; mem_mib: number; gpu: number }): Resources =>
  amounts(one.cpu_m, Math.ceil(mib(one.mem_mib)), one.gpu);

/** The line that `native` reads back to the same job (source and row aside). */
export function toLine(job: TraceJob): string {
  const shapeOf = (of: Resources) => ({
    cpu_m: of.get('cpu') ?? 0,
    mem_mib: (of.get('memory') ?? 0) / MIB,
    ...(of.has('nvidia.com/gpu') ? { gpu: of.get('nvidia.com/gpu') } : {}),
  });
  const { count, min, request } = job.workers;
  return JSON.stringify({
    id: job.id,
    submit_s: job.submitMs / 1000,
    namespace: job.namespace,
    queue: job.queue,
    ...(job.user === '' ? {} : { user: job.user }),
    ...(job.app === undefined ? {} : { app: job.app }),
    ...(job.class === undefined ? {} : { class: job.class }),
    priority: job.priority,
    driver: shapeOf(job.leader),
    ...(count > 0 ? { executors: { count, min, ...shapeOf(request) } } : {}),
    duration_s: job.durationMs / 1000,
    ...(job.nodeLabels.size > 0 ? { node_labels: Object.fromEntries(job.nodeLabels) } : {}),
    ...(job.failsAt === undefined ? {} : { fails_at: job.failsAt }),
    ...(job.deadlineMs === undefined ? {} : { deadline_s: job.deadlineMs / 1000 }),
    ...(job.expectedMs === undefined ? {} : { expected_s: job.expectedMs / 1000 }),
  });
}
