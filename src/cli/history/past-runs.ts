import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { MusterError } from '../../core/errors.ts';
import { historyServerRuns } from '../../intake/past-runs/history-server.ts';
import type { PastRun } from '../../intake/past-runs/past-run.ts';
import { isEventLog, SparkEventLog } from '../../intake/past-runs/spark-event-log.ts';
import { firstLine, unreadable, type InputFile } from '../../replay/trace/input-file.ts';
import { readJobs } from '../jobs-in.ts';
import type { Source } from './sources.ts';

/** What a source holds: runs, and how many more that have no end. `isOther`: it is no record of runs. */
export interface Read {
  readonly runs: readonly PastRun[];
  readonly open: number;
  readonly isOther?: true;
}

/** @throws MusterError MUSTER_PAST_RUNS_INVALID, MUSTER_FILE_UNREADABLE, MUSTER_RESULT_INVALID */
export async function readPastRuns({ path, parts, isNamed }: Source): Promise<Read> {
  const [file] = parts;
  if (!file) return { runs: [], open: 1 };
  const first = (await firstLine(file)).trimStart();
  if (isEventLog(first)) return eventLog(parts);
  if (first.startsWith('[')) return historyServer(file);
  if (first.startsWith('{"policy":') || first.startsWith('policy,')) return jobs(file);
  if (!isNamed) return { runs: [], open: 0, isOther: true };
  const wanted = "an event log of Spark, its History Server's JSON, or what muster replay --jobs wrote";
  throw new MusterError('MUSTER_PAST_RUNS_INVALID', `${path}:1: expected ${wanted}, got "${first.slice(0, 40)}".`);
}

async function eventLog(parts: readonly InputFile[]): Promise<Read> {
  const log = new SparkEventLog();
  // A log that was cut off ends in the middle of a line.
  let broken: MusterError | undefined;
  for (const file of parts) {
    let line = 0;
    try {
      for await (const one of createInterface({ input: file.open(), crlfDelay: Infinity })) {
        line++;
        if (broken) throw broken;
        try {
          log.line(one);
        } catch (error) {
          broken = invalid(`${file.name}:${line}`, error);
          if (error instanceof MusterError) throw broken;
        }
      }
    } catch (error) {
      throw unreadable(file, error);
    }
  }
  const run = log.run();
  return run ? { runs: [run], open: 0 } : { runs: [], open: 1 };
}

async function historyServer(file: InputFile): Promise<Read> {
  try {
    return historyServerRuns(JSON.parse(await text(file.open())) as readonly unknown[]);
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof MusterError
      ? invalid(file.name, error)
      : unreadable(file, error);
  }
}

/** The runs of the first policy: those of the others are the same jobs. One that was evicted or run again has no one time. */
async function jobs(file: InputFile): Promise<Read> {
  const runs: PastRun[] = [];
  let open = 0;
  let policy: string | undefined;
  for await (const job of readJobs(file)) {
    policy ??= job.policy;
    if (job.policy !== policy) continue;
    const { outcome, beganMs, endedMs, evictions, reruns, namespace, queue, user, needed: members } = job;
    const isWhole = evictions === 0 && reruns === 0 && (outcome === 'done' || outcome === 'failed');
    if (!isWhole || beganMs === undefined || endedMs === undefined) open++;
    else {
      const how = outcome === 'done' ? 'succeeded' : 'failed';
      const who = user === '' ? {} : { user };
      runs.push({ namespace, queue, ...who, members, ended: { ranMs: endedMs - beganMs, how } });
    }
  }
  return { runs, open };
}

function invalid(where: string, error: unknown): MusterError {
  const what = error instanceof MusterError ? error.what : `${(error as Error).message}.`;
  return new MusterError('MUSTER_PAST_RUNS_INVALID', `${where}: ${what}`, { cause: error });
}
