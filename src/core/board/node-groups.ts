import type { Work, Slices } from '../work.ts';
import type { BoardContext } from './context.ts';

/** A label by which nodes can be grouped. */
export interface NodeGroup {
  readonly key: string;
  readonly values: readonly string[];
  /** The index of its value for each node; -1: the node lacks the label, or it has one of too many values. */
  readonly of: Int32Array;
}

const MOST_GROUPS = 8;
/** A label with more values does not group. */
const MOST_VALUES = 1000;
const NODES_PER_UNIT = 4;

/** What the last part of a label's name says if it groups nodes, in the order in which people want it. */
const GROUPING = [
  /zone/,
  /rack/,
  /pool/,
  /node-?group/,
  /instance-?type/,
  /region/,
  /block|switch|spine/,
  /cluster|cell/,
];

/** The labels by which people may group nodes: those that policies name as topology, and those that sound so. */
export function* groupsOf(
  { cluster: { table }, policies }: BoardContext,
  rows: readonly number[],
  work: Work,
): Slices<readonly NodeGroup[]> {
  const named = new Set(policies.flatMap(({ topology }) => topology.keys));
  const found = new Map<string, number>();
  for (const row of rows) {
    for (const key of table.nodeAt(row)?.labels.keys() ?? []) found.set(key, found.get(key) ?? rankOf(key, named));
    work.charge(1 / NODES_PER_UNIT);
    if (work.isPauseDue()) yield undefined;
  }
  const keys = [...found].filter(([, rank]) => rank < GROUPING.length);
  keys.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  const groups: NodeGroup[] = [];
  for (const [key] of keys.slice(0, MOST_GROUPS)) {
    yield undefined;
    groups.push(
      groupOf(
        key,
        rows.map((row) => table.nodeAt(row)?.labels.get(key)),
      ),
    );
  }
  return groups;
}

/** Its values are the nodes: a policy may name it, but it groups nothing. */
const EACH_NODE = 'kubernetes.io/hostname';

function rankOf(key: string, named: ReadonlySet<string>): number {
  if (key === EACH_NODE) return GROUPING.length;
  if (named.has(key)) return -1;
  // Twice the same on all nodes: the names before they were stable.
  if (key.startsWith('beta.kubernetes.io/') || key.startsWith('failure-domain.beta.')) return GROUPING.length;
  const last = key.slice(key.lastIndexOf('/') + 1).toLowerCase();
  const rank = GROUPING.findIndex((pattern) => pattern.test(last));
  return rank < 0 ? GROUPING.length : rank;
}

function groupOf(key: string, labels: readonly (string | undefined)[]): NodeGroup {
  const numbers = new Map<string, number>();
  const of = Int32Array.from(labels, (value) => {
    if (value === undefined) return -1;
    const known = numbers.get(value);
    if (known !== undefined) return known;
    if (numbers.size >= MOST_VALUES) return -1;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  });
  return { key, values: [...numbers.keys()], of };
}
