import { useCallback, useEffect, useMemo } from 'preact/hooks';
import { tick } from '../../api/connection.ts';
import type { GangRow } from '../../api/contract.ts';
import { Empty, Loaded } from '../../parts/notes.tsx';
import { VirtualGrid, type Sorting } from '../../parts/virtual-grid.tsx';
import { announce } from '../../state/announce.ts';
import { isNarrow } from '../../state/narrow.ts';
import { gangHref } from '../../state/address.ts';
import { go, route, setQuery } from '../../state/route.ts';
import { GangWindow, type RowWindow } from '../../state/windowed.ts';
import { plural } from '../../text/amount.ts';
import { COLUMNS } from './columns.tsx';
import { Filters, gangQuery, isFiltered, phaseOf } from './filters.tsx';
import { FirstApp } from './first-app.tsx';

const ROW_PX = 33;
const CARD_PX = 104;

/** What waits, in order; and what runs. */
export function WaitingPage() {
  const { query } = route.value;
  const asked = gangQuery(query);
  const key = JSON.stringify(asked);
  const rows = useMemo(() => new GangWindow(asked), [key]);
  useEffect(() => () => rows.end(), [rows]);
  return (
    <div class="page page-waiting">
      <h1 class="unseen">Gangs</h1>
      <Filters />
      <Loaded live={rows.read}>{(data) => <Rows data={data} gangs={rows} />}</Loaded>
    </div>
  );
}

function Rows({ data, gangs }: { readonly data: RowWindow; readonly gangs: GangWindow }) {
  const { query } = route.value;
  const onRange = useCallback((first: number, end: number) => gangs.show(first, end), [gangs]);
  const isChosen = isFiltered(query);
  useEffect(() => {
    if (isChosen) announce(`${plural(data.total, 'gang')} found`);
  }, [data.total, isChosen]);
  if (data.total === 0) return <Nothing />;
  return (
    <VirtualGrid<GangRow>
      label={`Gangs: ${phaseOf(query)}, ${data.total}`}
      look="gangs"
      columns={COLUMNS}
      total={data.total}
      rowAt={(at) => data.rows[at - data.offset]}
      keyOf={({ gang }) => gang}
      rowHeight={isNarrow.value ? CARD_PX : ROW_PX}
      onRange={onRange}
      onOpen={({ gang, isHidden }) => isHidden || go(gangHref(gang))}
      sorting={sortingOf(query)}
    />
  );
}

function sortingOf(query: Readonly<Record<string, string>>): Sorting {
  const by = query['sort'] ?? 'position';
  const order = query['order'] === 'desc' ? 'desc' : 'asc';
  const onSort = (next: string) =>
    setQuery({
      sort: next === 'position' ? '' : next,
      order: next === by && order === 'asc' ? 'desc' : '',
    });
  return { by, order, onSort };
}

function Nothing() {
  const { query } = route.value;
  const counts = tick.value?.counts;
  if (isFiltered(query)) return <Empty title="No gang matches." />;
  const all = counts ? counts.waiting + counts.starting + counts.running + counts.degraded : undefined;
  if (all === 0) return <FirstApp />;
  if (phaseOf(query) !== 'waiting') return <Empty title={`No gang is ${phaseOf(query)}.`} />;
  return <Empty title="Nothing waits.">{counts && <p>{plural(counts.running, 'gang runs', 'gangs run')}.</p>}</Empty>;
}
