import { ADDED_DRIVER, DRAWN_PRIORITIES, DRAWN_SHAPES, DRIVER, drawFor } from './draw.ts';
import type { TraceJob } from './job.ts';
import { MAX_WORKERS, type GangRow, type ReadJobs, type TraceReader } from './reader.ts';
import { Cells, rowsOf, traceError } from './source.ts';

/** A job of equal workers: it needs all of them, gets a driver, and its sizes and priority are drawn. */
function toJob({ workers, ...row }: GangRow, seed: number): TraceJob {
  const { worker, priority } = drawFor(seed, row.id);
  return {
    ...row,
    queue: row.namespace,
    user: '',
    priority,
    leader: DRIVER,
    workers: { count: workers, min: workers, request: worker },
    nodeLabels: new Map(),
  };
}

const DRAWN = [DRAWN_SHAPES, DRAWN_PRIORITIES];

const ITP_HEADER = 'job_id,submission_time,duration,num_gpu';

/** Microsoft ITP (ElasticFlow, ASPLOS '23): num_gpu is the number of workers that start together. */
export const itp: TraceReader = {
  format: 'itp',
  work: 'gang',
  recognises: (line) => line === ITP_HEADER,
  async read({ file, seed }): Promise<ReadJobs> {
    const cells = new Cells(file, ITP_HEADER.split(','));
    const source = file.name;
    const namespace = source.replace(/\..*$/, '');
    const jobs: TraceJob[] = [];
    for await (const row of rowsOf(file, ',')) {
      if (row.line === 1) continue;
      const submitMs = cells.number(row, 'submission_time') * 1000;
      const durationMs = cells.number(row, 'duration') * 1000;
      const workers = cells.count(row, 'num_gpu', MAX_WORKERS);
      const id = `${namespace}-${row.line - 1}`;
      jobs.push(toJob({ id, submitMs, durationMs, namespace, workers, source, row: row.line - 1 }, seed));
    }
    return { jobs, notes: [ADDED_DRIVER], drawn: DRAWN };
  },
};

const PHILLY_HEADER = 'timestamp,duration,num_gpus,gpu_time,cluster';

/**
 * Microsoft Philly, the flat table of the Pollux authors. A virtual cluster is a namespace; local times are read as
 * UTC.
 */
export const philly: TraceReader = {
  format: 'philly',
  work: 'gang',
  recognises: (line) => line === PHILLY_HEADER,
  async read({ file, seed }): Promise<ReadJobs> {
    const cells = new Cells(file, PHILLY_HEADER.split(','));
    const source = file.name;
    const jobs: TraceJob[] = [];
    for await (const row of rowsOf(file, ',')) {
      if (row.line === 1) continue;
      const text = cells.text(row, 'timestamp');
      const submitMs = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text.replace(' ', 'T')}Z`) : NaN;
      if (Number.isNaN(submitMs))
        throw traceError(file, row.line, `field timestamp: expected YYYY-MM-DD hh:mm:ss, got "${text.slice(0, 60)}"`);
      const durationMs = cells.number(row, 'duration') * 1000;
      const workers = cells.count(row, 'num_gpus', MAX_WORKERS);
      const namespace = `vc-${cells.text(row, 'cluster')}`;
      jobs.push(
        toJob(
          { id: `philly-${row.line - 1}`, submitMs, durationMs, namespace, workers, source, row: row.line - 1 },
          seed,
        ),
      );
    }
    return { jobs, notes: [ADDED_DRIVER, 'times are local wall clock, read as UTC'], drawn: DRAWN };
  },
};

const SWIM_COLUMNS = ['job', 'submit', 'gap', 'input', 'shuffle', 'output'];
const BLOCK_BYTES = 128 * 2 ** 20;
const TASKS_PER_EXECUTOR = 8;
const MAX_SWIM_EXECUTORS = 200;
const BYTES_PER_CORE_SECOND = 20e6;
const CORES_PER_EXECUTOR = 4;
const OVERHEAD_S = 30;

/**
 * SWIM Facebook, which has bytes only. Executors = map tasks (input / 128 MiB) / 8, at most 200. Duration = 30 s +
 * bytes at 20 MB/s per core, with 4 cores per executor. Both are a model of ours and not data.
 */
export const swim: TraceReader = {
  format: 'swim',
  work: 'spark',
  recognises: (line) => /^job\d+(\t\d+){5}$/.test(line),
  async read({ file, seed }): Promise<ReadJobs> {
    const cells = new Cells(file, SWIM_COLUMNS);
    const source = file.name;
    const jobs: TraceJob[] = [];
    for await (const row of rowsOf(file, '\t')) {
      const number = (column: string) => cells.number(row, column);
      const [input, shuffle, output] = [number('input'), number('shuffle'), number('output')];
      const tasks = Math.max(1, Math.ceil(input / BLOCK_BYTES));
      const workers = Math.min(MAX_SWIM_EXECUTORS, Math.ceil(tasks / TASKS_PER_EXECUTOR));
      const work = (input + shuffle + output) / BYTES_PER_CORE_SECOND;
      const durationMs = Math.round(1000 * (OVERHEAD_S + work / (CORES_PER_EXECUTOR * workers)));
      const submitMs = cells.number(row, 'submit') * 1000;
      const base = {
        id: `swim-${row.line}`,
        submitMs,
        durationMs,
        namespace: 'facebook',
        workers,
        source,
        row: row.line,
      };
      jobs.push(toJob(base, seed));
    }
    const model =
      'executors = ceil(input / 128 MiB / 8), at most 200; duration = 30 s + bytes / (20 MB/s x 4 cores x executors)';
    return { jobs, notes: [ADDED_DRIVER, `a model, not data: ${model}`], drawn: DRAWN };
  },
};
