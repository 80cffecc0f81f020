import type { NodeMap } from '../../api/contract.ts';

/** The map of nodes by columns, as bytes. */

export const METRICS = ['used', 'reserved', 'free', 'stranded'] as const;
export type Metric = (typeof METRICS)[number];

/** In half per cent of what the node has. */
export const FULL = 200;

interface Group {
  readonly key: string;
  readonly values: readonly string[];
  /** One index into values a node; -1: the node lacks the label. */
  readonly of: readonly number[];
}

/** Names and labels, which seldom change. */
export interface NodeNames {
  readonly version: number;
  readonly names: readonly string[];
  readonly groups: readonly Group[];
  readonly indexes: ReadonlyMap<string, number>;
}

export interface NodeColumns extends NodeNames {
  readonly resources: readonly string[];
  readonly unschedulable: ReadonlySet<number>;
  /** By metric and resource one byte a node. */
  readonly usage: Readonly<Record<Metric, Readonly<Record<string, Uint8Array>>>>;
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @param known the names that were read before; they stand if the answer has none */
export function columnsOf(map: NodeMap, known: NodeNames | undefined): NodeColumns {
  const names = map.names && map.groupOf ? namesOf(map) : known;
  if (!names) throw new Error('muster told no names of nodes');
  const decode = (by: Readonly<Record<string, string>>) =>
    Object.fromEntries(map.resources.map((name) => [name, bytesOf(by[name] ?? '')]));
  const [used, reserved, stranded] = [decode(map.used), decode(map.reserved), decode(map.stranded)];
  const free = Object.fromEntries(map.resources.map((name) => [name, freeOf(used[name]!, reserved[name]!)]));
  return {
    ...names,
    resources: map.resources,
    unschedulable: new Set(map.unschedulable),
    usage: { used, reserved, free, stranded },
  };
}

const freeOf = (used: Uint8Array, reserved: Uint8Array) =>
  used.map((value, i) => Math.max(0, FULL - value - (reserved[i] ?? 0)));

function namesOf({ namesVersion, names = [], groups, groupOf = [] }: NodeMap): NodeNames {
  return {
    version: namesVersion,
    names,
    groups: groups.map(({ key, values }, i) => ({ key, values, of: groupOf[i] ?? [] })),
    indexes: new Map(names.map((name, i) => [name, i])),
  };
}

/** Nodes of one value of the chosen label, in the order of their names. */
export interface NodeGroup {
  readonly name: string;
  readonly nodes: readonly number[];
}

const collator = new Intl.Collator('en', { numeric: true });

/** @param key a label; undefined: all nodes are one group */
export function groupsOf({ names, groups }: NodeNames, key: string | undefined): readonly NodeGroup[] {
  const byName = names.map((_, i) => i).sort((a, b) => collator.compare(names[a]!, names[b]!));
  const group = groups.find((one) => one.key === key);
  if (!group) return [{ name: 'all nodes', nodes: byName }];
  const members = new Map<number, number[]>();
  for (const node of byName) {
    const value = group.of[node] ?? -1;
    const list = members.get(value);
    if (list) list.push(node);
    else members.set(value, [node]);
  }
  const named = [...members].map(([value, nodes]) => ({
    name: group.values[value] ?? `no ${shortKey(group.key)}`,
    nodes,
    value,
  }));
  return named.sort((a, b) => (a.value < 0 ? 1 : b.value < 0 ? -1 : collator.compare(a.name, b.name)));
}

/** What the strongest colour stands for, 0 to 1: little is reserved or stranded, and yet it should be seen. */
export function topOf(metric: Metric, values: Uint8Array): number {
  if (metric === 'used' || metric === 'free') return 1;
  const most = values.reduce((top, value) => Math.max(top, value), 0) / FULL;
  return [0.1, 0.2, 0.5].find((top) => most <= top) ?? 1;
}

/** The mean over these nodes, 0 to 1. */
export function meanOf(values: Uint8Array | undefined, nodes: readonly number[]): number {
  if (!values || nodes.length === 0) return 0;
  return nodes.reduce((sum, node) => sum + (values[node] ?? 0), 0) / nodes.length / FULL;
}

/** `topology.kubernetes.io/zone` to `zone` */
export const shortKey = (key: string) => key.split('/').at(-1) ?? key;
