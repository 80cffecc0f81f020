import { amounts, DRAWN_PRIORITIES, drawFor, mib } from './draw.ts';
import type { TraceJob } from './job.ts';
import type { ReadJobs, TraceReader } from './reader.ts';
import { Cells, rowsOf } from './source.ts';

const HEADER =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
/** 16 pods of the default file arrive months before all others. */
const FIRST_DAY = 100;
const DAY_S = 86_400;

/** The node label with the GPU model, which a pod's gpu_spec selects. */
export const GPU_MODEL_LABEL = 'muster.dev/gpu-model';

/** openb (Alibaba GPU trace v2023): single pods with real sizes. It has no gangs, and none are added. */
export const openb: TraceReader = {
  format: 'openb',
  work: 'spark',
  recognises: (line) => line === HEADER,
  async read({ file, seed }): Promise<ReadJobs> {
    const cells = new Cells(file, HEADER.split(','));
    const source = file.name;
    const jobs: TraceJob[] = [];
    let [early, shared] = [0, 0];
    for await (const row of rowsOf(file, ',')) {
      if (row.line === 1) continue;
      const [created, deleted] = [cells.number(row, 'creation_time'), cells.number(row, 'deletion_time')];
      if (created < FIRST_DAY * DAY_S) {
        early++;
        continue;
      }
      const gpus = cells.count(row, 'num_gpu', 64);
      if (gpus > 0 && (cells.optional(row, 'gpu_milli') ?? 1000) < 1000) shared++;
      const models = cells.text(row, 'gpu_spec').split('|').filter(Boolean);
      const id = cells.text(row, 'name');
      const started = cells.optional(row, 'scheduled_time') ?? created;
      jobs.push({
        id,
        submitMs: created * 1000,
        durationMs: Math.max(1, deleted - started) * 1000,
        namespace: 'openb',
        queue: cells.text(row, 'qos') || 'none',
        user: '',
        priority: drawFor(seed, id).priority,
        leader: amounts(cells.count(row, 'cpu_milli', 1e9), mib(cells.count(row, 'memory_mib', 1e9)), gpus),
        workers: { count: 0, min: 0, request: new Map() },
        nodeLabels: models.length > 0 ? new Map([[GPU_MODEL_LABEL, models]]) : new Map<string, string[]>(),
        source,
        row: row.line - 1,
      });
    }
    const notes = [
      `dropped ${early} pods created before day ${FIRST_DAY}`,
      `${shared} pods that share a GPU count as one whole GPU`,
      'the time in the queue is not part of the duration (deletion - scheduled)',
    ];
    return { jobs, notes, drawn: [DRAWN_PRIORITIES] };
  },
};
