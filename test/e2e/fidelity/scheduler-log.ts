import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What kube-scheduler must log for `readSchedulerLog`: each decision, each score, each change of its cache. */
export const LOGGING = [
  '-v=2',
  '--vmodule=schedule_one=10,eventhandlers=4,preemption=5,default_preemption=5,executor=5,default_binder=3,server=3',
];

/** kube-scheduler logs this once it knows all objects and begins. */
export const READY = 'Handlers synced';

/** One attempt of kube-scheduler at one pod. */
export interface Attempt {
  readonly kind: 'attempt';
  readonly pod: string;
  readonly atMs: number;
  /** When its binding began, beside which the next attempt may begin. */
  bindMs?: number;
  /** Node -> plugin -> its score times its weight; empty: at most one node was feasible. */
  readonly scores: Map<string, Map<string, number>>;
  /** The node it was bound to; undefined: none. */
  node?: string;
  /** The number of nodes that passed the filters, where it was bound. */
  feasible?: number;
  /** What kube-scheduler said of a pod that no node holds. */
  refusal?: string;
  preemption?: Preemption;
}

interface Preemption {
  /** Each node that could be made to hold the pod, with its victims. */
  readonly candidates: Map<string, string[]>;
  /** The node it chose. */
  node?: string;
}

/** kube-scheduler heard of a new pod, or that a pod that it bound was deleted or has ended. */
interface Change {
  readonly kind: 'new' | 'gone';
  readonly pod: string;
  readonly atMs: number;
}

export type LogEvent = Attempt | Change;

const LINE = /^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d\.\d+)\s+\d+ [^\]]+\] "([^"]*)"(.*)$/;

/** kube-scheduler's own account, in its own order. */
export async function readSchedulerLog(file: string): Promise<LogEvent[]> {
  const log = new SchedulerLog();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) log.read(line);
  return log.events;
}

class SchedulerLog {
  readonly events: LogEvent[] = [];
  /** The latest attempt at each pod: its binding goes on while the next attempt runs. */
  readonly #attempts = new Map<string, Attempt>();
  /** The attempt that runs. */
  #current: Attempt | undefined;

  read(line: string): void {
    const match = LINE.exec(line);
    if (!match) return;
    const [, month, day, hours, minutes, seconds, message, rest] = match as unknown as string[];
    const atMs =
      Date.UTC(new Date().getUTCFullYear(), Number(month) - 1, Number(day), Number(hours), Number(minutes)) +
      Number(seconds) * 1000;
    this.#take(message!, atMs, rest!);
  }

  #take(message: string, atMs: number, rest: string): void {
    const pod = field(rest, 'pod');
    const attempt = this.#attempts.get(pod);
    switch (message) {
      case 'Attempting to schedule pod':
        return this.#begin(pod, atMs);
      case 'Plugin scored node for pod':
        return score(attempt, rest);
      case 'Successfully bound pod to node':
        if (attempt)
          Object.assign(attempt, { node: field(rest, 'node'), feasible: Number(field(rest, 'feasibleNodes')) });
        return;
      case 'Attempting to bind pod to node':
        if (attempt) attempt.bindMs = atMs;
        return;
      case 'Unable to schedule pod; no fit; waiting':
        if (attempt) attempt.refusal = field(rest, 'err');
        return;
      case 'Pod is a potential preemption victim on node':
        return this.#victim(pod, field(rest, 'node'));
      case 'the target node for the preemption is determined':
        if (attempt?.preemption) attempt.preemption.node = field(rest, 'node');
        return;
      case 'Add event for unscheduled pod':
        this.events.push({ kind: 'new', pod, atMs });
        return;
      case 'Delete event for scheduled pod':
        this.events.push({ kind: 'gone', pod, atMs });
    }
  }

  #begin(pod: string, atMs: number): void {
    const attempt: Attempt = { kind: 'attempt', pod, atMs, scores: new Map() };
    this.#attempts.set(pod, attempt);
    this.#current = attempt;
    this.events.push(attempt);
  }

  /** The line names the victim alone: it belongs to the attempt that runs. */
  #victim(pod: string, node: string): void {
    if (!this.#current) return;
    const { candidates } = (this.#current.preemption ??= { candidates: new Map() });
    candidates.set(node, [...(candidates.get(node) ?? []), pod]);
  }
}

function score(attempt: Attempt | undefined, rest: string): void {
  if (!attempt) return;
  const node = field(rest, 'node');
  const plugins = attempt.scores.get(node) ?? new Map<string, number>();
  plugins.set(field(rest, 'plugin'), Number(field(rest, 'score')));
  attempt.scores.set(node, plugins);
}

/** The value of `name="text"` or `name=number` in a line of klog; namespaces are left out. */
function field(rest: string, name: string): string {
  const match = new RegExp(`(?:^| )${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|(\\S+))`).exec(rest);
  const text = match?.[1] ?? match?.[2] ?? '';
  return text.slice(text.startsWith('default/') ? 'default/'.length : 0);
}
