import { MAX_GANG_MEMBERS, type PodInfo, type SlotCounts } from '../core/model.ts';

/**
 * Annotation of a leader: the nodes of its gang's slots. muster writes it, and reads it when it starts or takes over.
 */
export const RESERVATION = 'muster.dev/reservation';

const VERSION = 1;
/** All annotations of an object may have 256 KiB in total (TotalAnnotationSizeLimitB, apimachinery, 0.36). */
const MAX_TEXT = 200_000;

/**
 * `{"v":1,"roles":{"driver":{"node-a":1},"executor":{"node-a":2,"node-b":6}}}`: role -> node -> slots. For a gang on
 * too many nodes to fit, the nodes are left out (all slots under ''), and a restart plans it again from its counts.
 */
export function formatReservation(slots: SlotCounts): string {
  const text = textOf(slots);
  if (text.length <= MAX_TEXT) return text;
  const total = (nodes: ReadonlyMap<string, number>) => [...nodes.values()].reduce((sum, count) => sum + count, 0);
  return textOf(new Map([...slots].map(([role, nodes]) => [role, new Map([['', total(nodes)]])])));
}

function textOf(slots: SlotCounts): string {
  const roles = [...slots].map(([role, nodes]) => [role, Object.fromEntries([...nodes].sort(byName))] as const);
  return JSON.stringify({ v: VERSION, roles: Object.fromEntries(roles) });
}

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]) => (a < b ? -1 : 1);

/**
 * Undefined for a text in another format: of another version, or written by hand. It then counts as absent.
 * @param most the most slots that it may have
 */
export function parseReservation(text: string | undefined, most = MAX_GANG_MEMBERS): PodInfo['reservation'] {
  if (text === undefined || text.length > MAX_TEXT) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v, roles } = (value ?? {}) as { v?: unknown; roles?: unknown };
  if (v !== VERSION || !isMap(roles)) return undefined;
  const slots = new Map<string, Map<string, number>>();
  let total = 0;
  for (const [role, nodes] of Object.entries(roles)) {
    if (!isMap(nodes)) return undefined;
    for (const count of Object.values(nodes)) {
      if (!Number.isSafeInteger(count) || (count as number) < 1) return undefined;
      total += count as number;
    }
    slots.set(role, new Map(Object.entries(nodes) as [string, number][]));
  }
  return total > 0 && total <= most ? { text, slots } : undefined;
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
