import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { theme } from '../../state/theme.ts';
import { percentText, plural } from '../../text/amount.ts';
import { groupsOf, meanOf, METRICS, topOf, type Metric, type NodeColumns } from './columns.ts';
import { cellAt, layOut, neighbour, nodesIn, type Cell, type Layout } from './layout.ts';
import { paint } from './paint.ts';
import { litColour, rampOf } from './palette.ts';

interface MapProps {
  readonly columns: NodeColumns;
  readonly metric: Metric;
  readonly resource: string;
  readonly groupKey: string | undefined;
  readonly lit: ReadonlyMap<number, number>;
  /** The gang that is lit. */
  readonly litName: string | undefined;
}

/** The least height of the map, and what is above it, in px. */
const LEAST_PX = 260;
const ABOVE_PX = 250;

/** All nodes as cells of a picture. The table below it says the same in words. */
export function HeatMap(props: MapProps) {
  const { columns, metric, resource, groupKey } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const groups = useMemo(() => groupsOf(columns, groupKey), [columns.names, columns.groups, groupKey]);
  const most = Math.max(LEAST_PX, window.innerHeight - ABOVE_PX);
  const layout = useMemo(() => layOut(groups, width, most), [groups, width, most]);
  const [hovered, setHovered] = useState<Cell | undefined>();
  useEffect(() => setHovered(undefined), [layout]);
  usePainted(canvas, props, { layout, hovered, width });
  const onKeyDown = (event: KeyboardEvent) => {
    const next = neighbour(layout, hovered, event.key);
    if (!next || !event.key.startsWith('Arrow')) return;
    event.preventDefault();
    setHovered(next);
  };
  const what = `${plural(columns.names.length, 'node')} by ${metric} ${resource}`;
  return (
    <div class="map">
      <canvas
        ref={canvas}
        class="map-canvas"
        role="img"
        tabIndex={0}
        aria-label={`Map of ${what}. The arrow keys move from node to node; the table below has the figures by group.`}
        onPointerMove={(event) => setHovered((old) => same(old, cellAt(layout, event.offsetX, event.offsetY)))}
        onPointerLeave={() => setHovered(undefined)}
        onKeyDown={onKeyDown}
      />
      <Readout {...props} cell={hovered} layout={layout} />
    </div>
  );
}

interface Place {
  readonly layout: Layout;
  readonly hovered: Cell | undefined;
  readonly width: number;
}

/** Paints again whenever something of it changes. */
function usePainted(canvas: { current: HTMLCanvasElement | null }, props: MapProps, { layout, hovered, width }: Place) {
  const { columns, metric, resource, lit } = props;
  const look = theme.value;
  useLayoutEffect(() => {
    if (width === 0) return;
    const values = columns.usage[metric][resource] ?? new Uint8Array();
    const { color: text, backgroundColor: ground } = getComputedStyle(document.body);
    const colours = { ramp: rampOf(metric, look), litColour: litColour(look), text, ground };
    const { unschedulable } = columns;
    const scene = { layout, values, top: topOf(metric, values), unschedulable, lit, hovered, ...colours };
    paint(canvas.current!, scene, width);
  }, [layout, columns, metric, resource, lit, hovered, look, width]);
}

const same = (old: Cell | undefined, now: Cell | undefined) =>
  old && now && old.block === now.block && old.at === now.at ? old : now;

function useWidth(canvas: { current: HTMLCanvasElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const parent = canvas.current!.parentElement!;
    const look = () => setWidth(Math.floor(parent.clientWidth));
    const observer = new ResizeObserver(look);
    observer.observe(parent);
    look();
    return () => observer.disconnect();
  }, []);
  return width;
}

interface ReadoutProps extends MapProps {
  readonly cell: Cell | undefined;
  readonly layout: Layout;
}

/** What the node has on which the pointer or the keys are; it stands below the map, where it hides nothing. */
function Readout({ cell, layout, columns, groupKey, lit, litName }: ReadoutProps) {
  if (!cell) {
    const some = layout.perCell > 1 ? ` One cell stands for ${layout.perCell} nodes.` : '';
    return <p class="readout pale">Point at a node to see its figures.{some}</p>;
  }
  const nodes = nodesIn(cell, layout.perCell);
  const name = columns.names[nodes[0]!] ?? '';
  const title = nodes.length === 1 ? name : `${name} and ${plural(nodes.length - 1, 'more node')}`;
  const places = nodes.reduce((sum, node) => sum + (lit.get(node) ?? 0), 0);
  const cordoned = nodes.filter((node) => columns.unschedulable.has(node)).length;
  return (
    <div class="readout" role="status">
      <strong class="readout-name">{title}</strong>
      {groupKey !== undefined && <span class="pale"> {cell.block.name}</span>}
      {cordoned > 0 && <span class="badge badge-act">cordoned</span>}
      {places > 0 && <span class="badge badge-lit">{`${plural(places, 'place')} of ${litName ?? 'the gang'}`}</span>}
      <dl class="readout-figures">
        {columns.resources.map((resource) => (
          <div key={resource}>
            <dt>{resource}</dt>
            {METRICS.map((metric) => (
              <dd key={metric}>
                {percentText(meanOf(columns.usage[metric][resource], nodes))} <span class="pale">{metric}</span>
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </div>
  );
}
