import { createInterface } from 'node:readline';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import type { JobRecord } from '../replay/job-record.ts';
import { fromCsv } from '../replay/report/job-file.ts';
import { firstLine, unreadable, type InputFile } from '../replay/trace/input-file.ts';
import { rowsOf } from '../replay/trace/source.ts';

const phase = z.enum(['queued', 'refused', 'partial', 'starting', 'working', 'broken', 'resubmitting', 'over']);

/** The fields of a record that `muster why` and `muster history import` read. */
const Read = z.object({
  policy: z.string(),
  id: z.string(),
  namespace: z.string(),
  queue: z.string(),
  user: z.string(),
  priority: z.number(),
  members: z.number(),
  needed: z.number(),
  cpuMilli: z.number(),
  submitMs: z.number(),
  reservedMs: z.number().optional(),
  beganMs: z.number().optional(),
  endedMs: z.number().optional(),
  told: z
    .object({
      atMs: z.number(),
      aboutMs: z.number(),
      promisedMs: z.number(),
      isKept: z.boolean().optional(),
      because: z.enum(['forecast', 'overtaken', 'room']).optional(),
    })
    .optional(),
  forecast: z.object({ medianMs: z.number(), p90Ms: z.number(), ranMs: z.number() }).optional(),
  outcome: z.enum(['done', 'failed', 'abandoned', 'larger', 'deadlocked', 'waiting', 'working']),
  waitMs: z.number(),
  isWaitOpen: z.boolean(),
  completionMs: z.number(),
  isCompletionOpen: z.boolean(),
  slowdown: z.number(),
  work: z.object({ lostToEvictions: z.number(), lostToFailures: z.number() }),
  evictions: z.number(),
  reruns: z.number(),
  longest: z.string().optional(),
  waited: z.array(z.object({ phase, reason: z.string().optional(), ms: z.number() })),
  phases: z.array(z.object({ phase, reason: z.string().optional(), atMs: z.number() })),
});

/**
 * The records that `replay --jobs` wrote, as NDJSON or CSV.
 * @throws MusterError MUSTER_RESULT_INVALID naming file, row and field; MUSTER_FILE_UNREADABLE
 */
export async function* readJobs(file: InputFile): AsyncGenerator<JobRecord> {
  let row = 1;
  try {
    for await (const read of (await firstLine(file)).startsWith('{') ? ndjson(file) : csv(file)) {
      yield Read.parse(read) as unknown as JobRecord;
      row++;
    }
  } catch (error) {
    throw invalid(file, row, error);
  }
}

async function* ndjson(file: InputFile): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: file.open(), crlfDelay: Infinity })) {
    if (line !== '') yield JSON.parse(line);
  }
}

async function* csv(file: InputFile): AsyncGenerator<unknown> {
  let header: readonly string[] | undefined;
  for await (const { cells } of rowsOf(file, ',')) {
    if (header) yield fromCsv(Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])));
    else header = cells;
  }
}

/** Not a system error: the file does not hold what it should. */
function invalid(file: InputFile, row: number, error: unknown): unknown {
  const known = error instanceof z.ZodError || error instanceof SyntaxError ? error : unreadable(file, error);
  if (known instanceof MusterError && known.code === 'MUSTER_FILE_UNREADABLE') return known;
  const issue = known instanceof z.ZodError ? known.issues[0] : undefined;
  const what = issue ? `${issue.path.join('.')}: ${issue.message}` : (error as Error).message;
  return new MusterError(
    'MUSTER_RESULT_INVALID',
    `${file.name}: job ${row}: ${what}; expected what muster replay --jobs wrote.`,
    { cause: error },
  );
}
