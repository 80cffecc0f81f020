import { Buffer } from 'node:buffer';
import type { z } from 'zod';
import type { NodeMapView } from '../server/api/board-schemas.ts';

export type NodeMap = z.output<typeof NodeMapView>;

/** Of what a node has of one resource, in per cent. `free` is what is neither used nor reserved; `stranded` is of it. */
interface Shares {
  readonly used: number;
  readonly reserved: number;
  readonly free: number;
  readonly stranded: number;
}

/** A node, or the nodes of one value of a label; the shares are means over its nodes. */
export interface NodeLine {
  readonly name: string;
  readonly nodes: number;
  readonly cordoned: number;
  readonly shares: Readonly<Record<string, Shares>>;
}

/** The map counts in half per cent. */
const STEPS = 2;

/** A line for each node, in the order of the map. */
export function nodesOf(map: NodeMap): readonly NodeLine[] {
  const cordoned = new Set(map.unschedulable);
  const sharesAt = sharesOf(map);
  return Array.from({ length: countOf(map) }, (_, i) => ({
    name: map.names?.[i] ?? String(i),
    nodes: 1,
    cordoned: cordoned.has(i) ? 1 : 0,
    shares: Object.fromEntries(map.resources.map((resource) => [resource, sharesAt(resource, i)])),
  }));
}

/** A line for each value of the label, those without it last. @param key one of `map.groups` */
export function groupsOf(map: NodeMap, key: string): readonly NodeLine[] {
  const at = map.groups.findIndex((group) => group.key === key);
  const values = map.groups[at]?.values ?? [];
  const of = map.groupOf?.[at] ?? [];
  const members = [...values.map((value): Members => ({ name: value, lines: [] })), { name: '(none)', lines: [] }];
  for (const [i, line] of nodesOf(map).entries()) (members[of[i] ?? -1] ?? members.at(-1)!).lines.push(line);
  return members.filter(({ lines }) => lines.length > 0).map((one) => together(one, map.resources));
}

/** One line for all nodes; undefined: there are none. */
export function totalOf(map: NodeMap): NodeLine | undefined {
  const lines = [...nodesOf(map)];
  return lines.length === 0 ? undefined : together({ name: 'all nodes', lines }, map.resources);
}

interface Members {
  readonly name: string;
  readonly lines: NodeLine[];
}

function together({ name, lines }: Members, resources: readonly string[]): NodeLine {
  const mean = (resource: string, of: keyof Shares) =>
    lines.reduce((sum, { shares }) => sum + shares[resource]![of], 0) / lines.length;
  const shares = resources.map((resource) => {
    const each = (of: keyof Shares) => mean(resource, of);
    return [
      resource,
      { used: each('used'), reserved: each('reserved'), free: each('free'), stranded: each('stranded') },
    ];
  });
  return {
    name,
    nodes: lines.length,
    cordoned: lines.reduce((sum, { cordoned }) => sum + cordoned, 0),
    shares: Object.fromEntries(shares) as NodeLine['shares'],
  };
}

function sharesOf(map: NodeMap): (resource: string, node: number) => Shares {
  const decoded = (column: Readonly<Record<string, string>>) =>
    new Map(map.resources.map((resource) => [resource, Buffer.from(column[resource] ?? '', 'base64')]));
  const [used, reserved, stranded] = [decoded(map.used), decoded(map.reserved), decoded(map.stranded)];
  const at = (column: ReadonlyMap<string, Buffer>, resource: string, node: number) =>
    (column.get(resource)?.[node] ?? 0) / STEPS;
  return (resource, node) => {
    const [takes, holds] = [at(used, resource, node), at(reserved, resource, node)];
    const free = Math.max(0, 100 - takes - holds);
    return { used: takes, reserved: holds, free, stranded: Math.min(free, at(stranded, resource, node)) };
  };
}

/** A reader who may not see names gets none; the columns say how many nodes there are. */
const countOf = ({ names, used, resources }: NodeMap) =>
  names?.length ?? Buffer.from(used[resources[0] ?? ''] ?? '', 'base64').length;
