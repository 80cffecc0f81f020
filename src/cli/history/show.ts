import Table from 'cli-table3';
import { MusterError } from '../../core/errors.ts';
import { keyFigures, type KeyFigures } from '../../core/history/key-figures.ts';
import { queueText } from '../../core/history/keys.ts';
import { parseHistory } from '../../intake/history-file.ts';
import { partName } from '../../kube/history-parts.ts';
import { readHistoryFile } from '../../server/kept-history.ts';

export interface HistoryShowFlags {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly kubeconfig?: string;
  readonly historyNamespace: string;
}

const ROWS = 40;

/**
 * `muster history show`: what is known of run times, in a file or in the cluster's ConfigMaps, by the number of runs.
 * @throws MusterError
 */
export async function historyShowCommand(
  file: string | undefined,
  flags: HistoryShowFlags,
  write: (text: string) => void,
): Promise<number> {
  const where = file ?? `ConfigMap ${flags.historyNamespace}/${partName(0)}`;
  const text = file === undefined ? await fromCluster(flags, where) : readHistoryFile(file);
  const { names, saved } = parseHistory(text, where);
  const keys = [...keyFigures(saved)].sort((a, b) => b.runs - a.runs);
  const savedAt = new Date(saved.savedMs).toISOString();
  if (flags.json) write(`${JSON.stringify({ savedAt, names, keys }, null, 2)}\n`);
  else write(`${tableOf(flags.all ? keys : keys.slice(0, ROWS))}\n${footer(keys.length, savedAt, flags)}\n`);
  return 0;
}

async function fromCluster({ kubeconfig, historyNamespace }: HistoryShowFlags, where: string): Promise<string> {
  // The client library takes 0.3 s to load.
  const { kubeConfig } = await import('../../server/kube-config.ts');
  const { Transport } = await import('../../kube/transport.ts');
  const { HistoryStore } = await import('../../kube/history-store.ts');
  const transport = new Transport(kubeConfig(kubeconfig));
  try {
    const found = await new HistoryStore(transport, historyNamespace).read();
    if (found !== 'unchanged' && found.text !== undefined) return found.text;
  } catch (error) {
    throw new MusterError('MUSTER_HISTORY_INVALID', `${where}: ${(error as Error).message}.`, { cause: error });
  } finally {
    transport.close();
  }
  const what = `${where} holds no history: muster writes it within 10 minutes of the first run that it learns from`;
  throw new MusterError('MUSTER_HISTORY_INVALID', `${what}.`);
}

function tableOf(keys: readonly KeyFigures[]): string {
  const head = ['of', 'namespace', 'members', 'runs', 'median', 'p90', 'error'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { what, name = '', namespace = '', members, runs, median, p90, error } of keys) {
    const [half, most] = [median, p90].map((value) => (what === 'estimate' ? `x ${value.toFixed(2)}` : told(value)));
    const size = members ? (members.from === members.to ? '1' : `${members.from}-${members.to}`) : '';
    const off = error === undefined ? '' : `x ${Math.exp(error).toFixed(2)}`;
    const of = what === 'queue' ? queueText(name) : `${what} ${name}`.trim();
    table.push([of, namespace, size, Math.round(runs), half, most, off]);
  }
  return table.toString();
}

function footer(count: number, savedAt: string, { all }: HistoryShowFlags): string {
  const more = all || count <= ROWS ? '' : `the first ${ROWS} of ${count} keys (--all shows the rest); `;
  return `${more}as of ${savedAt}; error: by how much forecasts were off on average`;
}

/** A time in two units: `1h 5m`. */
function told(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}
