import type { Explanation } from '../../api/contract.ts';
import { Table } from '../../parts/table.tsx';
import { amountsText, amountText, numberText, plural } from '../../text/amount.ts';

type Roles = Explanation['roles'];

/** What each role needs, where it could be, and what is short. */
export function Roles({ roles }: { readonly roles: Roles }) {
  if (roles.length === 0) return <p class="pale">Nothing is known of its roles.</p>;
  const rows = roles.map(({ role, min, count, request, places, nodes }) => [
    role,
    min === count ? String(min) : `${min} to ${count}`,
    amountsText(withoutPods(request)),
    `${numberText(nodes.eligible)} of ${numberText(nodes.total)}`,
    placesText(places.now),
    placesText(places.empty),
  ]);
  const head = ['Role', 'Members', 'Each requests', 'Eligible nodes', 'Fit now', 'Fit if empty'];
  return (
    <>
      <Table caption="Roles" head={head} rows={rows} figures={3} />
      {roles.map((role) => (
        <Shortage key={role.role} role={role} />
      ))}
    </>
  );
}

/** Every member is a pod. */
const withoutPods = (request: Roles[number]['request']) =>
  Object.fromEntries(Object.entries(request).filter(([resource]) => resource !== 'pods'));

/** The server counts so far. */
const MOST_PLACES = 10_000;
const placesText = (places: number) =>
  places >= MOST_PLACES ? `${numberText(MOST_PLACES)} or more` : numberText(places);

function Shortage({ role: { role, short, nodes } }: { readonly role: Roles[number] }) {
  if (short.length === 0 && nodes.refused.length === 0) return null;
  return (
    <ul class="plain-list">
      {short.map(({ resource, needed, free, largest }) => (
        <li key={resource}>
          <strong>{role}</strong> needs {amountText(resource, needed)} of {resource}. Free on eligible nodes:{' '}
          {amountText(resource, free)}, at most {amountText(resource, largest)} on one.
        </li>
      ))}
      {nodes.refused.map(({ because, nodes: count }) => (
        <li key={because}>
          {plural(count, 'node')} cannot have <strong>{role}</strong>: {because}
        </li>
      ))}
    </ul>
  );
}
