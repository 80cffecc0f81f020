import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask } from '../../api/client.ts';
import { tick } from '../../api/connection.ts';
import type { GangDetail, NodeMap } from '../../api/contract.ts';
import { Choice, Segments } from '../../parts/fields.tsx';
import { Empty, Loaded } from '../../parts/notes.tsx';
import { Table } from '../../parts/table.tsx';
import { useLive } from '../../state/live.ts';
import { route, setQuery } from '../../state/route.ts';
import { theme } from '../../state/theme.ts';
import { percentText } from '../../text/amount.ts';
import { columnsOf, groupsOf, meanOf, METRICS, shortKey, topOf, type Metric, type NodeColumns } from './columns.ts';
import { GangPicker } from './gang-picker.tsx';
import { hoveredGang, keptGang, placesOf, readGang } from './lit.ts';
import { HeatMap } from './map.tsx';
import { rampOf } from './palette.ts';

/** So many groups are in the table. */
const MOST_GROUPS = 200;

/** Nodes as a heat map. */
export function NodesPage() {
  const known = useRef<NodeColumns | undefined>(undefined);
  const load = async (stop: AbortSignal) => {
    const map = await ask<NodeMap>('v1/board/nodes', { known: known.current?.version }, stop);
    return (known.current = columnsOf(map, known.current));
  };
  const live = useLive('nodes', { version: 'nodes', load });
  return (
    <div class="page page-nodes">
      <h1 class="unseen">Nodes</h1>
      <Loaded live={live}>{(columns) => <Nodes columns={columns} />}</Loaded>
    </div>
  );
}

/** What the reader chose, as far as the cluster has it. */
function chosen({ resources, groups }: NodeColumns) {
  const { metric, resource, by } = route.value.query;
  const key = groups.find((group) => group.key === by)?.key;
  return {
    metric: METRICS.find((one) => one === metric) ?? 'used',
    resource: resources.find((one) => one === resource) ?? resources[0] ?? 'cpu',
    groupKey: by === 'none' ? undefined : (key ?? groups[0]?.key),
  };
}

function Nodes({ columns }: { readonly columns: NodeColumns }) {
  const choice = chosen(columns);
  const [litName, detail] = useLit();
  const lit = useMemo(
    () => (detail ? placesOf(detail, columns.indexes) : new Map<number, number>()),
    [detail, columns.indexes],
  );
  if (columns.names.length === 0) return <Empty title="The cluster has no nodes." />;
  return (
    <>
      <Toolbar columns={columns} {...choice} />
      <div class="nodes-body">
        <div class="nodes-main">
          <HeatMap columns={columns} {...choice} lit={lit} litName={litName} />
          <Groups columns={columns} {...choice} />
        </div>
        <GangPicker />
      </div>
    </>
  );
}

type Chosen = ReturnType<typeof chosen>;

function Toolbar({ columns, metric, resource, groupKey }: Chosen & { readonly columns: NodeColumns }) {
  return (
    <div class="toolbar">
      <Segments
        label="What is shown"
        value={metric}
        options={METRICS.map((one) => [one, one])}
        onChange={(one) => setQuery({ metric: one })}
      />
      <Choice
        label="Resource"
        value={resource}
        options={columns.resources.map((one) => [one, one])}
        onChange={(one) => setQuery({ resource: one })}
      />
      <Choice
        label="Grouped by"
        value={groupKey ?? 'none'}
        options={[...columns.groups.map(({ key }) => [key, shortKey(key)] as const), ['none', 'nothing']]}
        onChange={(by) => setQuery({ by })}
      />
      <Scale columns={columns} metric={metric} resource={resource} />
    </div>
  );
}

/** The gang under the pointer, else the one that was chosen; and what was read of it. */
function useLit(): readonly [string | undefined, GangDetail | undefined] {
  const name = hoveredGang.value ?? route.value.query['gang'];
  const [detail, setDetail] = useState<GangDetail | undefined>();
  const version = tick.value?.gangs;
  useEffect(() => {
    if (name === undefined) return setDetail(undefined);
    setDetail(keptGang(name));
    const stop = new AbortController();
    readGang(name, stop.signal).then(setDetail, () => undefined);
    return () => stop.abort();
  }, [name, version]);
  return [name, detail];
}

function Scale({ columns, metric, resource }: Omit<GroupsProps, 'groupKey'> & { readonly metric: Metric }) {
  const values = columns.usage[metric][resource];
  const top = useMemo(() => (values ? topOf(metric, values) : 1), [metric, values]);
  const ramp = rampOf(metric, theme.value);
  return (
    <div class="scale" aria-hidden="true">
      <span>0 %</span>
      <span class="scale-ramp">
        {ramp.map((colour) => (
          <span key={colour} style={{ background: colour }} />
        ))}
      </span>
      <span>
        {percentText(top)} {metric}
      </span>
    </div>
  );
}

interface GroupsProps {
  readonly columns: NodeColumns;
  readonly resource: string;
  readonly groupKey: string | undefined;
}

function Groups({ columns, resource, groupKey }: GroupsProps) {
  const groups = useMemo(() => groupsOf(columns, groupKey), [columns.names, columns.groups, groupKey]);
  const rows = groups
    .slice(0, MOST_GROUPS)
    .map(({ name, nodes }) => [
      name,
      String(nodes.length),
      ...METRICS.map((metric) => percentText(meanOf(columns.usage[metric][resource], nodes))),
      String(nodes.filter((node) => columns.unschedulable.has(node)).length),
    ]);
  const head = [groupKey === undefined ? 'Group' : shortKey(groupKey), 'Nodes', ...METRICS, 'Cordoned'];
  return (
    <details class="groups">
      <summary>{`The same as a table: ${resource} by ${groupKey === undefined ? 'all nodes' : shortKey(groupKey)}`}</summary>
      <Table caption={`${resource} by group of nodes`} head={head} rows={rows} figures={6} />
      {groups.length > MOST_GROUPS && <p class="pale">The first {MOST_GROUPS} groups.</p>}
    </details>
  );
}
