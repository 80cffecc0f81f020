import type { GangDetail } from '../../api/contract.ts';

export type Places = GangDetail['places'];

interface Line {
  readonly node: string;
  readonly role: string;
  readonly state: string;
  readonly pods: string[];
  count: number;
}

/** Members of one role and state on one node are one line; the most crowded first. */
export function linesOf(places: Places): readonly Line[] {
  const lines = new Map<string, Line>();
  for (const { node, role, state, pod } of places) {
    const key = JSON.stringify([node, role, state]);
    const line = lines.get(key) ?? { node, role, state, pods: [], count: 0 };
    line.count++;
    if (pod !== '') line.pods.push(pod);
    lines.set(key, line);
  }
  return [...lines.values()].sort((a, b) => b.count - a.count || (a.node < b.node ? -1 : 1));
}
