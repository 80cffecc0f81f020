import { z } from 'zod';
import { DEFAULT_POLICY, QUEUE_ORDERS, type QueueRules } from '../core/policy/policy.ts';
import { duration } from './schema-parts.ts';

const { queue: usual } = DEFAULT_POLICY;

/** `off` without quotes is a boolean to YAML 1.1. */
const backfill = z
  .union([z.enum(['reserve', 'off']), z.literal(false)], { error: 'expected reserve or off' })
  .transform((value): QueueRules['backfill'] => (value === false ? 'off' : value))
  .default(usual.backfill);

export const queue = z
  .strictObject({
    blockAfter: duration(usual.blockAfterMs),
    patience: z
      .strictObject({
        times: z.number().min(0).max(1000).default(usual.patience.times),
        most: duration(usual.patience.mostMs),
      })
      .prefault({}),
    backfill,
    order: z.enum(QUEUE_ORDERS).default(usual.order),
    overrun: z.enum(['wait', 'return']).default(usual.overrun),
    extras: z.enum(['lend', 'borrow']).default(usual.extras),
  })
  .prefault({});

export function toQueue({ blockAfter, patience, ...rest }: z.output<typeof queue>): QueueRules {
  return { blockAfterMs: blockAfter, patience: { times: patience.times, mostMs: patience.most }, ...rest };
}
