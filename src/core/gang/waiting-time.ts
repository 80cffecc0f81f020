import type { Forecast } from '../history/run-times.ts';
import type { Gang } from './gang.ts';

/** A gang that comes with `order: shortest` lets those pass that come within so many times its run time. */
const SHORTEST_TIMES = 10;

type Waiting = Pick<Gang, 'policy' | 'firstAskMs' | 'leader' | 'queue'>;

/** How long the gang waits before others must mind it, in ms. @param forecast of its run */
export function patienceOf({ policy: { queue } }: Pick<Waiting, 'policy'>, forecast: () => Forecast): number {
  const { blockAfterMs, patience } = queue;
  if (patience.times === 0 || blockAfterMs === 0 || blockAfterMs === Infinity) return blockAfterMs;
  const medianMs = forecast().endsWithin(0.5, 0);
  if (medianMs === Infinity) return blockAfterMs;
  return Math.max(blockAfterMs, Math.min(patience.times * medianMs, patience.mostMs));
}

/**
 * The time that decides its turn among the gangs of its priority, in ms. The order is that of its queue, or else of its
 * policy. Every order makes it from the time at which it
 * came, so that nobody is overtaken for ever, and gangs of different orders can stand in one queue.
 * `shortest`: as if it had come later by a multiple of its run time. `deadline`: when it must start to be in time, but no
 * sooner than it came, whatever deadline its owner writes; without a deadline, `patience.mostMs` after it came.
 */
export function turnOf(gang: Waiting, forecast: () => Forecast): number {
  const { firstAskMs, leader, policy } = gang;
  const { patience } = policy.queue;
  const order = gang.queue.spec.order ?? policy.queue.order;
  if (order === 'fifo' || order === 'fair') return firstAskMs;
  const medianMs = Math.min(forecast().endsWithin(0.5, 0), patience.mostMs);
  if (order === 'shortest') return firstAskMs + SHORTEST_TIMES * medianMs;
  const deadlineMs = leader.priorityRequest?.deadlineMs;
  return deadlineMs === undefined ? firstAskMs + patience.mostMs : Math.max(firstAskMs, deadlineMs - medianMs);
}
