import { PARTS } from './account/prices.ts';
import type { Vector } from './resources.ts';
import type { StateView } from './state.ts';

/** What idle room costs in an hour now, by why nobody uses it. */
export interface IdleNow {
  /** Queues are guaranteed it and do not lend it. */
  readonly unlent: number;
  /** Another resource of the node is used up more. */
  readonly stranded: number;
  /** On nodes on which no more typical worker fits: the most common role of the gangs that are known. */
  readonly fragment: number;
  readonly free: number;
}

/** O(nodes + gangs): for people. */
export function idleNow({ meter, gangs, cluster: { table, columns } }: StateView): IdleNow {
  const typical = typicalWorker(gangs.values(), (request) => columns.requestVector(request));
  let [stranded, fragment, free] = [0, 0, 0];
  for (let row = 0; row < table.rows; row++) {
    const room = meter.nodes.get(table.nameAt(row));
    if (!room) continue;
    stranded += room.stranded;
    const rest = room.price.perHour - room.rate - room.stranded;
    if (typical && !table.fits(row, typical)) fragment += rest;
    else free += rest;
  }
  const withheld = [...meter.rows].reduce((sum, { unlent }) => sum + unlent.rate, 0);
  const unlent = Math.max(0, Math.min(withheld, free));
  return {
    unlent: unlent / PARTS,
    stranded: stranded / PARTS,
    fragment: fragment / PARTS,
    free: (free - unlent) / PARTS,
  };
}

type SomeGang = StateView['gangs'] extends ReadonlyMap<string, infer G> ? G : never;
type Request = SomeGang['spec']['roles'][number]['request'];

/** The request that most workers of known gangs have; undefined: there is no gang. */
function typicalWorker(gangs: Iterable<SomeGang>, vectorOf: (request: Request) => Vector): Vector | undefined {
  const counts = new Map<string, { readonly request: Request; count: number }>();
  for (const { spec } of gangs) {
    for (const [i, { request, count }] of spec.roles.entries()) {
      if (i === 0 && spec.roles.length > 1) continue;
      const key = JSON.stringify([...request]);
      const known = counts.get(key) ?? { request, count: 0 };
      known.count += Math.max(1, count);
      counts.set(key, known);
    }
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most && vectorOf(most.request);
}
