import { useMemo, useState } from 'preact/hooks';
import { ask } from '../../api/client.ts';
import type { Queue, Queues } from '../../api/contract.ts';
import { Choice } from '../../parts/fields.tsx';
import { Empty, Loaded } from '../../parts/notes.tsx';
import { VirtualGrid, type Column } from '../../parts/virtual-grid.tsx';
import { isNarrow } from '../../state/narrow.ts';
import { useLive } from '../../state/live.ts';
import { route, setQuery } from '../../state/route.ts';
import { amountText, plural } from '../../text/amount.ts';
import { figuresOf, fullOf, resourcesOf, rowsOf, type QueueRow } from './amounts.ts';
import { Bar, Legend } from './bar.tsx';
import { Detail } from './detail.tsx';

const MOST_QUEUES = 2500;
const ROW_PX = 34;
const CARD_PX = 76;

/** Queues as bars: what each holds, should have and may have. */
export function QueuesPage() {
  const live = useLive('queues', {
    version: 'queues',
    load: (stop) => ask<Queues>('v1/queues', { limit: MOST_QUEUES }, stop),
  });
  const open = route.value.query['open'];
  return (
    <div class={`page page-queues${open === undefined ? '' : ' has-detail'}`}>
      <h1 class="unseen">Queues</h1>
      <div class="queues-main">
        <Loaded live={live}>{({ items, total }) => <Tree queues={items} total={total} />}</Loaded>
      </div>
      {open !== undefined && <Detail key={open} path={open} />}
    </div>
  );
}

function Tree({ queues, total }: { readonly queues: readonly Queue[]; readonly total: number }) {
  const [folded, fold] = useFolded();
  const resources = useMemo(() => resourcesOf(queues), [queues]);
  const asked = route.value.query['resource'];
  const resource = asked !== undefined && resources.includes(asked) ? asked : (resources[0] ?? 'cpu');
  const rows = useMemo(() => rowsOf(queues, folded), [queues, folded]);
  if (queues.length === 0) return <Empty title="There is no queue yet." />;
  return (
    <>
      <div class="toolbar">
        <Choice
          label="Resource"
          value={resource}
          options={resources.map((name) => [name, name])}
          onChange={(name) => setQuery({ resource: name })}
        />
        <Legend />
      </div>
      <VirtualGrid<QueueRow>
        role="treegrid"
        label={`Queues by ${resource}`}
        look="queues"
        columns={columnsFor(queues, resource, fold)}
        total={rows.length}
        rowAt={(at) => rows[at]}
        keyOf={({ queue }) => queue.path}
        rowHeight={isNarrow.value ? CARD_PX : ROW_PX}
        onOpen={({ queue }) => setQuery({ open: queue.path })}
        onSide={({ queue, hasChildren }, side) => hasChildren && fold(queue.path, side === 'left')}
        rowProps={rowProps}
      />
      {total > queues.length && <p class="pale">{plural(total - queues.length, 'more queue')} are not shown.</p>}
    </>
  );
}

/** The queues whose children are not shown. */
function useFolded(): readonly [ReadonlySet<string>, Fold] {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const fold = (path: string, isFolded: boolean) => {
    const next = new Set(folded);
    if (isFolded) next.add(path);
    else next.delete(path);
    setFolded(next);
  };
  return [folded, fold];
}

const rowProps = ({ level, hasChildren, isOpen }: QueueRow) => ({
  'aria-level': level,
  ...(hasChildren ? { 'aria-expanded': isOpen } : {}),
});

type Fold = (path: string, isFolded: boolean) => void;

function columnsFor(queues: readonly Queue[], resource: string, fold: Fold): readonly Column<QueueRow>[] {
  // The whole cluster holds more than any of its parts: the bars of those would be short.
  const full = fullOf(queues.map((queue) => figuresOf(queue, resource)));
  const amount = (pick: (queue: Queue) => number | undefined) => (row: QueueRow) => {
    const value = pick(row.queue);
    return value === undefined ? <span class="pale">–</span> : amountText(resource, value);
  };
  return [
    { key: 'queue', title: 'Queue', cell: (row) => <Name row={row} fold={fold} /> },
    {
      key: 'bar',
      title: 'Share',
      cell: ({ queue }) => <Bar figures={figuresOf(queue, resource)} full={full} resource={resource} />,
    },
    { key: 'held', title: 'Held', cell: amount(({ held }) => held[resource] ?? 0) },
    { key: 'entitled', title: 'Entitled', cell: amount(({ entitled }) => entitled[resource] ?? 0) },
    { key: 'demand', title: 'Demand', cell: amount(({ demand }) => demand[resource] ?? 0) },
    { key: 'waiting', title: 'Wait', cell: ({ queue }) => queue.gangs.waiting },
    { key: 'running', title: 'Run', cell: ({ queue }) => queue.gangs.running + queue.gangs.degraded },
  ];
}

function Name({ row: { queue, level, hasChildren, isOpen }, fold }: { readonly row: QueueRow; readonly fold: Fold }) {
  const name = queue.path.split('.').at(-1) ?? queue.path;
  return (
    <span class="queue-name" style={{ paddingInlineStart: `${(level - 1) * 16}px` }} title={queue.path}>
      {hasChildren ? (
        <button
          type="button"
          class="twisty"
          tabIndex={-1}
          aria-label={`${isOpen ? 'Fold' : 'Unfold'} ${queue.path}`}
          onClick={() => fold(queue.path, isOpen)}
        >
          {isOpen ? '▾' : '▸'}
        </button>
      ) : (
        <span class="twisty" />
      )}
      {queue.path === 'root' ? 'whole cluster' : name}
    </span>
  );
}
