import type { PolicyResult, ReplayResult } from '../result.ts';

/** All runs of one policy on one cluster. */
export interface Column {
  /** The policy's name; with the nodes, if the results are of several clusters. */
  readonly policy: string;
  /** By their input, as text: the same text under two policies is the same workload, seed and options. */
  readonly runs: ReadonlyMap<string, PolicyResult>;
}

/**
 * The runs of each policy, in the order in which the policies come.
 * @param onTwice told of a run that is there twice; the later one counts
 */
export function columnsOf(
  results: readonly ReplayResult[],
  onTwice: (result: ReplayResult, policy: string) => void = () => undefined,
): readonly Column[] {
  const placeOf = placesIn(results);
  const byName = new Map<string, Map<string, PolicyResult>>();
  for (const result of results) {
    const input = inputOf(result);
    for (const policy of result.policies) {
      const name = policy.policy + placeOf(result);
      const runs = byName.get(name) ?? new Map<string, PolicyResult>();
      if (runs.has(input)) onTwice(result, name);
      byName.set(name, runs.set(input, policy));
    }
  }
  return [...byName].map(([policy, runs]) => ({ policy, runs }));
}

/** ` on 60 nodes`: what tells the nodes of a result from those of the others; empty if all have the same. */
function placesIn(results: readonly ReplayResult[]): (result: ReplayResult) => string {
  const names = [...new Set(results.map(({ nodes }) => nodes.name))];
  if (names.length < 2) return () => '';
  const [file] = names[0]?.split(', ') ?? [];
  const isOneFile = names.every((name) => name.startsWith(`${file}, `));
  return ({ nodes: { name } }) => ` on ${isOneFile ? name.slice(`${file}, `.length) : name}`;
}

/** Nodes are not part of it: two clusters can be compared. */
function inputOf({ trace, changes, notes, work, seed, options }: ReplayResult): string {
  // A generated trace has its seed in its name, and a day of a file its hours in the changes.
  const workload = JSON.stringify([trace.name, changes, notes]);
  return JSON.stringify([workload, seed, trace.sha256, work, options]);
}

/** The inputs that every policy ran on; only on these can policies be compared. */
export function commonInputs(columns: readonly Column[]): readonly string[] {
  const [first, ...others] = columns;
  return [...(first?.runs.keys() ?? [])].filter((input) => others.every(({ runs }) => runs.has(input)));
}

/**
 * One value per independent workload, for intervals: where the inputs are several days of a trace, the mean over the
 * seeds of each day, since another seed says nothing new about other days; where they are one day, the value of each
 * seed.
 * @param values one per input
 */
export function perWorkload(inputs: readonly string[], values: readonly number[]): readonly number[] {
  const groups = new Map<string, number[]>();
  values.forEach((value, i) => {
    const [workload = ''] = JSON.parse(inputs[i] ?? '[]') as string[];
    groups.set(workload, [...(groups.get(workload) ?? []), value]);
  });
  if (groups.size < 2) return values;
  return [...groups.values()].map((group) => group.reduce((sum, value) => sum + value, 0) / group.length);
}
