import type { z } from 'zod';
import type { QueueDetail, QueueLimits, QueueSummary } from '../../core/explanation/queues.ts';
import { isoTime } from '../../core/iso-time.ts';
import { yieldText } from '../../intake/yield-hours.ts';
import type { QueueDetailView, QueueSummaryView } from './queue-schemas.ts';
import { amounts, queueAmountsView } from './views.ts';

type ToWall = (ms: number) => number;

/** The path of the whole cluster, which has none in the core. */
export const ROOT = 'root';

const pathView = (path: string) => (path === '' ? ROOT : path);

export function queueSummaryView(queue: QueueSummary, toWall: ToWall): z.output<typeof QueueSummaryView> {
  const { path, parent, isLeaf, isMade, weight, gangs, pods, oldest, dominant, over, under, yields, unfairMs } = queue;
  return {
    path: pathView(path),
    ...(parent === undefined ? {} : { parent: pathView(parent) }),
    isLeaf,
    isMade,
    weight,
    ...queueAmountsView(queue),
    gangs: { ...gangs },
    pods,
    ...(oldest ? { oldest: { gang: oldest.gang, since: isoTime(toWall(oldest.sinceMs)) } } : {}),
    ...(dominant ? { dominant: { ...dominant, share: rounded(dominant.share) } } : {}),
    over: [...over],
    under: [...under],
    ...(yields ? { yields: { hours: yieldText(yields.hours), isNow: yields.isNow } } : {}),
    unfairSeconds: Math.round(unfairMs / 100) / 10,
  };
}

export function queueDetailView(queue: QueueDetail, toWall: ToWall): z.output<typeof QueueDetailView> {
  const { users, usersInAll, limits, reclaim, children } = queue;
  const { mode, to, afterMs, patienceMs, from } = reclaim;
  return {
    ...queueSummaryView(queue, toWall),
    users: users.map(({ user, held, gangs, share }) => ({ user, held: amounts(held), gangs, share: rounded(share) })),
    usersInAll,
    limits: limitsView(limits),
    reclaim: { mode, to, afterSeconds: afterMs / 1000, patienceSeconds: patienceMs / 1000, from: [...from] },
    children: children.map(pathView),
  };
}

/** JSON has no Infinity: what has no limit is absent. */
const limitsView = (limits: QueueLimits): z.output<typeof QueueDetailView>['limits'] =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => Number.isFinite(limit)));

const rounded = (share: number) => Math.round(share * 10_000) / 10_000;
