import { MusterError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import { columnLines, tame, type Column } from './columns.ts';
import { documentText, type ListFormat, type Out } from './formats.ts';
import { nodeMap, type StreamEvent } from './muster-api.ts';
import { groupsOf, nodesOf, totalOf, type NodeLine, type NodeMap } from './node-map.ts';
import type { NODE_SORTS } from './choices.ts';
import type { MusterServer } from './server/client.ts';
import { withMuster } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import type { View } from './view.ts';
import { untilStopped, watch } from './watch.ts';

export interface NodesFlags extends ServerFlags {
  /** A topology label by which nodes are put together, its last part, or `node`; absent: the first that there is. */
  readonly by?: string;
  readonly resource?: string;
  readonly sort?: (typeof NODE_SORTS)[number];
  readonly output: ListFormat;
  readonly watch?: true;
}

/** No label: a line for each node. */
const EACH = 'node';
const BAR = 20;

/**
 * `muster nodes`: what is used, reserved, free and stranded, by zone, rack or pool; with -o wide or --by node of each node.
 * @returns the exit code: 0
 * @throws MusterError MUSTER_ASK_FAILED; MUSTER_USAGE for a resource or a label that no node has
 */
export async function nodesCommand(flags: NodesFlags, out: Out): Promise<number> {
  const text = async (server: MusterServer) => textOf(await nodeMap(server), flags, out);
  if (!flags.watch) {
    out.write(await withMuster(flags, text));
    return 0;
  }
  const versionOf = (event: StreamEvent) => (event.kind === 'tick' ? event.tick.nodes : undefined);
  return untilStopped((signal) => watch(flags, { draw: text, versionOf, signal }, out));
}

function textOf(map: NodeMap, flags: NodesFlags, out: Out): string {
  if (map.resources.length === 0)
    return flags.output === 'json' || flags.output === 'yaml'
      ? documentText({ items: [] }, flags.output)
      : 'There are no nodes.\n';
  const resource = resourceOf(map, flags.resource);
  const key = flags.output === 'name' || flags.output === 'wide' ? EACH : keyOf(map, flags.by);
  const lines = sorted(key === EACH ? nodesOf(map) : groupsOf(map, key), resource, flags.sort);
  switch (flags.output) {
    case 'json':
    case 'yaml':
      return documentText({ by: key, items: lines }, flags.output);
    case 'name':
      return lines.map(({ name }) => `${tame(name)}\n`).join('');
    case 'table':
    case 'wide':
      return `${tableOf(map, { lines, key, resource, isWide: flags.output === 'wide' }, out.view()).join('\n')}\n`;
  }
}

interface Shown {
  readonly lines: readonly NodeLine[];
  readonly key: string;
  readonly resource: string;
  readonly isWide: boolean;
}

function tableOf(map: NodeMap, { lines, key, resource, isWide }: Shown, view: View): string[] {
  const resources = isWide ? map.resources : [resource];
  const columns: Column[] = [
    { head: key === EACH ? EACH : lastPart(key), least: 12, keepsEnd: true },
    ...(key === EACH
      ? [{ head: 'cordoned' }]
      : [
          { head: 'nodes', isRight: true },
          { head: 'cordoned', isRight: true },
        ]),
    ...resources.flatMap((name) =>
      ['used', 'reserved', 'free', 'stranded'].map((what) => ({
        head: isWide ? `${lastPart(name)} ${what}` : what,
        isRight: true,
      })),
    ),
    ...(isWide ? [] : [{ head: '' }]),
  ];
  const all = key === EACH ? undefined : totalOf(map);
  const rows = [...lines, ...(all && lines.length > 1 ? [all] : [])].map((line) => [
    line.name,
    ...(key === EACH ? [line.cordoned > 0 ? 'yes' : '-'] : [String(line.nodes), String(line.cordoned)]),
    ...resources.flatMap((name) => {
      const { used, reserved, free, stranded } = line.shares[name]!;
      return [used, reserved, free, stranded].map(percent);
    }),
    ...(isWide ? [] : [bar(line, resource)]),
  ]);
  const head = isWide
    ? 'Per cent of what each node has.'
    : `${resource}, per cent of ${key === EACH ? 'what a node has' : 'what the nodes have, on average'}; stranded: free, but of no use`;
  const bars = isWide ? [] : ['# used  = reserved  . stranded'];
  return [view.paint('dim', head), ...columnLines(columns, rows, view), ...bars.map((text) => view.paint('dim', text))];
}

function bar({ shares }: NodeLine, resource: string): string {
  const { used, reserved, stranded } = shares[resource]!;
  const cells = (part: number) => Math.round((part / 100) * BAR);
  const text = '#'.repeat(cells(used)) + '='.repeat(cells(reserved)) + '.'.repeat(cells(stranded));
  return text.slice(0, BAR);
}

const percent = (share: number) => `${Math.round(share)}%`;

const lastPart = (key: string) => key.slice(key.lastIndexOf('/') + 1);

function resourceOf({ resources }: NodeMap, asked: string | undefined): string {
  if (asked === undefined) return resources.includes('cpu') ? 'cpu' : resources[0]!;
  if (resources.includes(asked)) return asked;
  throw unknown('--resource', asked, resources);
}

function keyOf({ groups }: NodeMap, asked: string | undefined): string {
  const keys = groups.map(({ key }) => key);
  if (asked === undefined) return keys[0] ?? EACH;
  const found =
    asked === EACH ? EACH : (keys.find((key) => key === asked) ?? keys.find((key) => lastPart(key) === asked));
  if (found !== undefined) return found;
  throw unknown('--by', asked, [EACH, ...keys.map(lastPart)]);
}

function unknown(flag: string, value: string, known: readonly string[]): MusterError {
  const near = nearestOf(value, known);
  const did = near === undefined ? '' : `; did you mean ${near}?`;
  return new MusterError(
    'MUSTER_USAGE',
    `${flag} ${value}: no node has it; there are ${known.join(', ')}${did}.`.replace('?.', '?'),
  );
}

function sorted(lines: readonly NodeLine[], resource: string, sort: NodesFlags['sort']): readonly NodeLine[] {
  if (sort === undefined) return lines;
  if (sort === 'name') return lines.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const of = ({ nodes, shares }: NodeLine) => (sort === 'nodes' ? nodes : shares[resource]![sort]);
  return lines.toSorted((a, b) => of(b) - of(a));
}
