import type { Queue } from '../../api/contract.ts';

/** What the bar of a queue shows, all in one unit. */
export interface BarFigures {
  readonly bound: number;
  readonly held: number;
  readonly leaving: number;
  readonly demand: number;
  readonly entitled: number;
  readonly guaranteed: number;
  /** undefined: no limit. */
  readonly max: number | undefined;
}

export function figuresOf(queue: Queue, resource: string): BarFigures {
  const of = (amounts: Readonly<Record<string, number>>) => amounts[resource] ?? 0;
  return {
    bound: of(queue.bound),
    held: of(queue.held),
    leaving: of(queue.leaving),
    demand: of(queue.demand),
    entitled: of(queue.entitled),
    guaranteed: of(queue.guaranteed),
    max: queue.max[resource],
  };
}

/** A limit, or a demand, that is further away than this many times all else does not make the bars shorter. */
const MOST_TIMES = 2;

/** The amount at which bars end. */
export function fullOf(all: readonly BarFigures[]): number {
  const most = all.reduce((top, { held, entitled, guaranteed }) => Math.max(top, held, entitled, guaranteed), 0);
  const further = (top: number, { max = 0, demand }: BarFigures) =>
    [max, demand].reduce((so, one) => (most === 0 || one <= MOST_TIMES * most ? Math.max(so, one) : so), top);
  return all.reduce(further, most);
}

/** Resources that any queue speaks of, the usual ones first. */
export function resourcesOf(queues: readonly Queue[]): readonly string[] {
  const names = new Set<string>();
  for (const { held, demand, guaranteed, entitled } of queues)
    for (const amounts of [held, demand, guaranteed, entitled])
      for (const name of Object.keys(amounts)) names.add(name);
  const rank = (name: string) => ['cpu', 'memory'].indexOf(name) >>> 0;
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export interface QueueRow {
  readonly queue: Queue;
  readonly level: number;
  readonly hasChildren: boolean;
  readonly isOpen: boolean;
}

/** The queues of the tree that are in view: not those below one that is folded. They come in the order of the tree. */
export function rowsOf(queues: readonly Queue[], folded: ReadonlySet<string>): readonly QueueRow[] {
  const parents = new Set(queues.flatMap(({ parent }) => parent ?? []));
  const shown = new Map<string, number>();
  return queues.flatMap((queue): QueueRow[] => {
    const { path, parent } = queue;
    const above = parent === undefined ? 0 : shown.get(parent);
    if (above === undefined || (parent !== undefined && folded.has(parent))) return [];
    shown.set(path, above + 1);
    return [{ queue, level: above + 1, hasChildren: parents.has(path), isOpen: !folded.has(path) }];
  });
}
