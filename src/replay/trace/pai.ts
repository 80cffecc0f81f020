import { ADDED_DRIVER, DRAWN_PRIORITIES, DRAWN_SHAPES, DRIVER, drawFor } from './draw.ts';
import type { TraceJob } from './job.ts';
import type { ReadJobs, TraceReader } from './reader.ts';
import { Cells, rowsOf, type Row } from './source.ts';

const COLUMNS = [
  'job_name',
  'task_name',
  'inst_name',
  'worker_name',
  'inst_id',
  'status',
  'start_time',
  'end_time',
  'machine',
];
const STATUSES = 'Terminated|Failed|Running|Waiting|Interrupted';
const FIRST_LINE = new RegExp(`^[^,]+,[^,]*,[^,]*,[^,]*,[^,]*,(${STATUSES}),[\\d.]*,[\\d.]*,[^,]*$`);

interface Job {
  readonly rows: Row[];
  readonly instances: Map<string, Row>;
  isTerminated: boolean;
}

/**
 * Alibaba PAI 2020, instance rows: the instances of a job's roles are its pods. The chief leads, else ps 0, else worker
 * 0. A repeated (task, instance) is a retry. Only jobs that are wholly Terminated have all their times.
 */
export const pai: TraceReader = {
  format: 'pai',
  work: 'gang',
  recognises: (line) => FIRST_LINE.test(line),
  async read({ file, seed }): Promise<ReadJobs> {
    const cells = new Cells(file, COLUMNS);
    const found = new Map<string, Job>();
    for await (const row of rowsOf(file, ',')) {
      const name = cells.text(row, 'job_name');
      const job: Job = found.get(name) ?? { rows: [], instances: new Map<string, Row>(), isTerminated: true };
      found.set(name, job);
      job.rows.push(row);
      job.instances.set(`${cells.text(row, 'task_name')}/${cells.text(row, 'inst_name')}`, row);
      if (cells.text(row, 'status') !== 'Terminated') job.isTerminated = false;
    }
    const jobs: TraceJob[] = [];
    let [dropped, retries] = [0, 0];
    for (const [id, { rows, instances, isTerminated }] of found) {
      if (!isTerminated) dropped++;
      else jobs.push(toJob(id, [...instances.values()], { cells, seed, source: file.name }));
      if (isTerminated) retries += rows.length - instances.size;
    }
    const notes = [
      `dropped ${dropped} jobs that are not wholly Terminated`,
      `dropped ${retries} rows of retries`,
      'the first start of a job is its submission: the trace does not have the time in the queue',
      'the leader (chief, else ps, else the first instance) has the size of a driver, the others the drawn worker size',
      ADDED_DRIVER.replace(/^.*, and/, 'each job'),
    ];
    return { jobs, notes, drawn: [DRAWN_SHAPES, DRAWN_PRIORITIES] };
  },
};

function toJob(id: string, rows: readonly Row[], context: { cells: Cells; seed: number; source: string }): TraceJob {
  const { cells, seed, source } = context;
  const start = Math.min(...rows.map((row) => cells.number(row, 'start_time')));
  const end = Math.max(...rows.map((row) => cells.number(row, 'end_time')));
  const { worker, priority } = drawFor(seed, id);
  const count = rows.length - 1;
  const [task] = rows.map((row) => cells.text(row, 'task_name')).sort((a, b) => rank(a) - rank(b));
  return {
    id,
    submitMs: start * 1000,
    durationMs: Math.max(1, end - start) * 1000,
    namespace: 'pai',
    queue: task ?? '',
    user: '',
    priority,
    leader: count > 0 ? DRIVER : worker,
    workers: { count, min: count, request: count > 0 ? worker : new Map() },
    nodeLabels: new Map(),
    source,
    row: rows[0]!.line,
  };
}

/** The order in which tasks lead: chief, then ps, then any other. */
function rank(task: string): number {
  const at = ['chief', 'ps'].indexOf(task);
  return at < 0 ? 2 : at;
}
