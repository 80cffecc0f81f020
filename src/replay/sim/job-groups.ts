import type { JobRecord } from '../job-record.ts';
import { OpenSample } from '../quantiles.ts';
import type { GroupBy, GroupRow, Groups } from '../result.ts';

const MAX_ROWS = 40;
const OTHERS = 'others';

/** Size classes by the number of pods, leader included. */
const SIZES = [
  [1, '1'],
  [7, '2-7'],
  [31, '8-31'],
  [Infinity, '32+'],
] as const;

const NAMES: Readonly<Record<GroupBy, (record: JobRecord) => string>> = {
  queue: ({ queue }) => queue,
  namespace: ({ namespace }) => namespace,
  user: ({ user }) => user,
  priority: ({ priority }) => String(priority),
  size: ({ members }) => SIZES.find(([most]) => members <= most)?.[1] ?? OTHERS,
};

const KINDS = Object.keys(NAMES) as GroupBy[];

/** Waits and slowdowns of one group. */
class Group {
  jobs = 0;
  done = 0;
  readonly waits = new OpenSample();
  readonly slowdowns = new OpenSample();

  add({ outcome, isLarger, waitMs, isWaitOpen, slowdown, isCompletionOpen }: JobRecord): void {
    this.jobs++;
    if (outcome === 'done') this.done++;
    if (isLarger) return;
    this.waits.add(waitMs, isWaitOpen);
    this.slowdowns.add(slowdown, isCompletionOpen);
  }

  merge({ jobs, done, waits, slowdowns }: Group): void {
    this.jobs += jobs;
    this.done += done;
    this.waits.addAll(waits);
    this.slowdowns.addAll(slowdowns);
  }

  row(name: string): GroupRow {
    const { jobs, done } = this;
    return { name, jobs, done, waitMs: this.waits.quantiles(), slowdown: this.slowdowns.quantiles() };
  }
}

/** Waits and slowdowns by queue, namespace, user, priority and size. */
export class JobGroups {
  readonly #groups = new Map<GroupBy, Map<string, Group>>(KINDS.map((by) => [by, new Map<string, Group>()]));

  add(record: JobRecord): void {
    for (const [by, groups] of this.#groups) {
      const name = NAMES[by](record);
      const group = groups.get(name) ?? new Group();
      groups.set(name, group);
      group.add(record);
    }
  }

  result(): readonly Groups[] {
    return [...this.#groups].map(([by, groups]) => ({
      by,
      rows: merged([...groups].sort(orderOf(by))).map(([name, group]) => group.row(name)),
    }));
  }
}

type Named = readonly [name: string, group: Group];

function orderOf(by: GroupBy): (a: Named, b: Named) => number {
  const size = (name: string) => SIZES.findIndex(([, label]) => label === name);
  if (by === 'size') return ([a], [b]) => size(a) - size(b);
  if (by === 'priority') return ([a], [b]) => Number(b) - Number(a);
  return ([a, x], [b, y]) => y.jobs - x.jobs || (a < b ? -1 : 1);
}

/** Keeps the first groups; all others become one. */
function merged(groups: readonly Named[]): readonly Named[] {
  if (groups.length <= MAX_ROWS) return groups;
  const others = new Group();
  for (const [, group] of groups.slice(MAX_ROWS - 1)) others.merge(group);
  return [...groups.slice(0, MAX_ROWS - 1), [OTHERS, others]];
}
