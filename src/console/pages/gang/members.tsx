import { Table } from '../../parts/table.tsx';
import { hrefOf } from '../../state/address.ts';
import { plural } from '../../text/amount.ts';
import { linesOf, type Places } from './lines.ts';

/** So many nodes are listed. */
const MOST_ROWS = 100;

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
