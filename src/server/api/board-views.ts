import { isoTime } from '../../core/iso-time.ts';
import type { z } from 'zod';
import type { NodeMap } from '../../core/board/node-map.ts';
import type { Place } from '../../core/board/places.ts';
import type { GangDetailView, GangRowView, NodeMapView } from './board-schemas.ts';
import type { NodeBoard } from './board.ts';
import { isSeen, type BoardRow } from './gang-list.ts';
import type { Viewer } from './viewer.ts';

/** Translates rows and maps to JSON, and leaves out what the viewer may not see. */

type ToWall = (ms: number) => number;

/** What stands for the name of a gang that the viewer may not see. */
export const HIDDEN = '(hidden)';

export function rowView(row: BoardRow, viewer: Viewer, toWall: ToWall): z.output<typeof GangRowView> {
  const { phase, queue, priority, policy, members, bound, position, waitsFor } = row;
  const isHidden = !isSeen(row, viewer);
  return {
    gang: isHidden ? HIDDEN : row.gang,
    ...(isHidden ? { isHidden } : {}),
    phase,
    queue,
    user: isHidden ? '' : row.user,
    priority,
    policy,
    leader: isHidden ? '' : row.leader,
    members,
    bound,
    since: isoTime(toWall(row.sinceMs)),
    ...(position === undefined ? {} : { position }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
    ...(isHidden || row.reason === undefined ? {} : { reason: row.reason }),
    ...(isHidden || row.lacks === undefined ? {} : { lacks: row.lacks }),
    ...timesOf(row, toWall),
    ...(row.isStartSought ? { isStartSought: true } : {}),
  };
}

function timesOf(row: BoardRow, toWall: ToWall) {
  const of = <K extends string>(name: K, ms: number | undefined) =>
    (ms === undefined || !Number.isFinite(ms) ? {} : { [name]: isoTime(toWall(ms)) }) as Partial<Record<K, string>>;
  return {
    ...of('startsAbout', row.startsAboutMs),
    ...of('startsLatest', row.startsLatestMs),
    ...of('reserved', row.reservedMs),
    ...of('complete', row.completeMs),
    ...of('endsAbout', row.endsAboutMs),
  };
}

/** @param nodes the map by which nodes are numbered for those who may not see their names */
export function placeViews(
  places: readonly Place[],
  viewer: Viewer,
  nodes: NodeBoard | undefined,
): z.output<typeof GangDetailView>['places'] {
  return places.map((place) => ({ ...place, node: viewer.seesNodes ? place.node : numbered(place.node, nodes) }));
}

/** The name of a node for those who may not see it: its number on the map. */
function numbered(node: string, nodes: NodeBoard | undefined): string {
  const index = node === '' ? undefined : nodes?.indexOf.get(node);
  return index === undefined ? '' : nodeName(index);
}

/** What a node is called for readers who may not see its name, by its place in the map. */
export const nodeName = (index: number) => `node ${index + 1}`;

interface OfMap {
  readonly version: number;
  /** The version of the names that the reader has. */
  readonly known: number | undefined;
}

export function nodeMapView(
  { map, namesVersion, indexOf }: NodeBoard,
  { version, known }: OfMap,
  viewer: Viewer,
): Omit<z.output<typeof NodeMapView>, 'snapshot'> {
  const names = viewer.seesNodes ? [...map.names] : map.names.map((_, i) => nodeName(i));
  // A label may hold the name of its node, as kubernetes.io/hostname does.
  const isShown = ({ values }: NodeMap['groups'][number]) => !values.some((value) => indexOf.has(value));
  const groups = viewer.seesNodes ? map.groups : map.groups.filter(isShown);
  const groupOf = () => groups.map(({ of }) => [...of]);
  return {
    version,
    namesVersion,
    resources: map.resources.map(({ name }) => name),
    groups: groups.map(({ key, values }) => ({ key, values: [...values] })),
    ...(known === namesVersion ? {} : { names, groupOf: groupOf() }),
    unschedulable: [...map.unschedulable],
    ...textsOf(map),
  };
}

type Texts = Pick<z.output<typeof NodeMapView>, 'used' | 'reserved' | 'stranded'>;

/** Those of a map are written once for all who read it. */
const written = new WeakMap<NodeMap, Texts>();

function textsOf(map: NodeMap): Texts {
  let texts = written.get(map);
  if (!texts) {
    const by = (of: keyof Texts) =>
      Object.fromEntries(map.resources.map((resource) => [resource.name, base64(resource[of])]));
    written.set(map, (texts = { used: by('used'), reserved: by('reserved'), stranded: by('stranded') }));
  }
  return texts;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
