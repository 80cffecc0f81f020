import { gzipSync } from 'node:zlib';
import { Clock } from '../../clock.ts';
import { MusterError } from '../../core/errors.ts';
import { RunHistory } from '../../core/history/run-history.ts';
import { counted } from '../../core/wording.ts';
import { formatHistory } from '../../intake/history-file.ts';
import type { PastRun } from '../../intake/past-runs/past-run.ts';
import { partName, split } from '../../kube/history-parts.ts';
import { nameKeyOf } from '../../server/name-key.ts';
import { writeOut } from '../replay.ts';
import { readPastRuns } from './past-runs.ts';
import { sourcesAt } from './sources.ts';

export interface HistoryImportFlags {
  readonly out?: string;
  readonly configmap?: boolean;
  readonly namespace?: string;
  readonly queue: string;
  readonly keyFile?: string;
  readonly historyNamespace: string;
}

const DAY_MS = 86_400_000;
const TOLD_EVERY_MS = 5000;

/** What was read, and what was left out. */
interface Tally {
  files: number;
  open: number;
  others: number;
}

/**
 * `muster history import`: learns from the records of other systems, in the order in which the runs ended, as if muster had
 * seen them. Nothing of the records but names of apps, users, namespaces and queues goes into the history.
 * @throws MusterError
 */
export async function historyImportCommand(paths: readonly string[], flags: HistoryImportFlags): Promise<number> {
  const { names, nameOf } = nameKeyOf(flags.keyFile);
  const tally: Tally = { files: 0, open: 0, others: 0 };
  const runs = await readAll(paths, flags, tally);
  const history = new RunHistory(nameOf);
  learnInOrder(history, runs);
  const text = formatHistory({ names, saved: history.export(new Clock().nowMs()) });
  process.stderr.write(`${summary(runs, history, tally)}\n`);
  const file = flags.configmap ? await configMaps(text, flags.historyNamespace) : text;
  if (flags.out === undefined) process.stdout.write(file);
  else writeOut(flags.out, () => (flags.out?.endsWith('.gz') ? gzipSync(file) : file));
  return 0;
}

type Placed = PastRun & Required<Pick<PastRun, 'namespace' | 'queue'>>;

async function readAll(paths: readonly string[], flags: HistoryImportFlags, tally: Tally): Promise<readonly Placed[]> {
  const runs: Placed[] = [];
  let toldMs = performance.now();
  for (const path of paths) {
    const { sources, open } = sourcesAt(path);
    tally.open += open;
    for (const source of sources) {
      const read = await readPastRuns(source);
      for (const run of read.runs) runs.push(placed(run, source.path, flags));
      tally.open += read.open;
      if (read.isOther) tally.others++;
      else tally.files++;
      if (performance.now() - toldMs < TOLD_EVERY_MS) continue;
      toldMs = performance.now();
      process.stderr.write(`${counted(tally.files, 'file')} read, ${counted(runs.length, 'run')} so far\n`);
    }
  }
  return runs;
}

/** With namespace and queue, of which the flags say what the record does not. */
function placed(run: PastRun, path: string, flags: HistoryImportFlags): Placed {
  const { namespace = flags.namespace, queue = flags.queue } = run;
  if (namespace !== undefined) return { ...run, namespace, queue };
  const what = `${path}: it does not say in which namespace its apps run: give --namespace NAME for such records`;
  throw new MusterError('MUSTER_USAGE', `${what}.`);
}

/** What was learned long ago counts less: the history ages from run to run as it would have. */
function learnInOrder(history: RunHistory, runs: readonly Placed[]): void {
  let agedMs = -Infinity;
  for (const run of [...runs].sort((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0))) {
    const { namespace, queue, app, user, members = 0, endedMs } = run;
    if (endedMs !== undefined && endedMs - agedMs > DAY_MS) history.export((agedMs = endedMs), 0);
    const who = { ...(app === undefined ? {} : { app }), ...(user === undefined ? {} : { user }) };
    history.learn({ namespace, name: '', queue, members, ...who }, run.ended);
  }
}

function summary(runs: readonly PastRun[], history: RunHistory, { files, open, others }: Tally): string {
  const left = [
    ...(open > 0 ? [`${counted(open, 'record')} without a whole run left out`] : []),
    ...(others > 0 ? [`${counted(others, 'other file')} left alone`] : []),
  ];
  const read = `${counted(runs.length, 'run')} of ${counted(files, 'file')} read: ${counted(history.size, 'key')}`;
  return [read, ...left].join('; ');
}

/** The ConfigMaps that muster reads, for `kubectl apply --server-side`. */
async function configMaps(text: string, namespace: string): Promise<string> {
  const items = (await split(text, 1)).map((part, i) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: partName(i), namespace },
    ...part,
  }));
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}\n`;
}
