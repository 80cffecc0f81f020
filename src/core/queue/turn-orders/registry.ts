import type { Fairness } from '../../policy/tenancy.ts';
import { borrowing } from './borrowing.ts';
import { fifo } from './fifo.ts';
import { guaranteeRatio } from './guarantee-ratio.ts';
import { share } from './share.ts';
import type { TurnOrder } from './turn-order.ts';

/** Every order of turns by its name in the file. A new one: one file, one line here, and its name in TURN_ORDERS. */
export const turnOrders: Readonly<Record<Fairness['turns'], TurnOrder>> = {
  share,
  fifo,
  borrowing,
  'guarantee-ratio': guaranteeRatio,
};
