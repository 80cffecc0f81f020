import type { GangDetail } from '../../api/contract.ts';
import { Table } from '../../parts/table.tsx';
import { hrefOf } from '../../state/route.ts';
import { plural } from '../../text/amount.ts';

/** So many nodes are listed. */
const MOST_ROWS = 100;

type Places = GangDetail['places'];

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

/** Where its members are. */
export function Members({ gang, places }: { readonly gang: string; readonly places: Places }) {
  if (places.length === 0) return <p class="pale">It holds no place yet.</p>;
  const lines = linesOf(places);
  const states = new Map<string, number>();
  for (const { state } of places) states.set(state, (states.get(state) ?? 0) + 1);
  const nodes = new Set(places.map(({ node }) => node)).size;
  const rows = lines
    .slice(0, MOST_ROWS)
    .map(({ node, role, state, count, pods }) => [
      node === '' ? 'no node' : node,
      role,
      state,
      String(count),
      <Pods names={pods} />,
    ]);
  return (
    <>
      <p>
        {[...states].map(([state, count]) => `${count} ${state}`).join(', ')} on {plural(nodes, 'node')}.{' '}
        <a href={hrefOf('nodes', [], { gang })}>Show on the map of nodes</a>
      </p>
      <Table caption="Members by node" head={['Node', 'Role', 'State', 'Members', 'Pods']} rows={rows} />
      {lines.length > MOST_ROWS && <p class="pale">and {plural(lines.length - MOST_ROWS, 'more line')}</p>}
    </>
  );
}

const FIRST_PODS = 3;

function Pods({ names }: { readonly names: readonly string[] }) {
  const rest = names.length - FIRST_PODS;
  return (
    <span title={names.slice(0, 30).join('\n')}>
      {names.slice(0, FIRST_PODS).join(', ')}
      {rest > 0 && <span class="pale"> and {rest} more</span>}
    </span>
  );
}
