import { DEFAULT_POLICY, type Policy } from './policy.ts';

const everybody = (name: string, change: Partial<Policy>): readonly Policy[] => [
  { ...DEFAULT_POLICY, name, ...change },
];

/** What people run today, and what muster suggests: for `--policy NAME` instead of a file. */
export const PRESETS: ReadonlyMap<string, readonly Policy[]> = new Map([
  /** No gangs: every pod alone, as kube-scheduler does without muster. Drivers may deadlock. */
  ['kube-default', everybody('kube-default', { gangs: 'off' })],
  /** Whole gangs, strictly in the order of priority and arrival. */
  ['fifo-gang', everybody('fifo-gang', { queue: { blockAfterMs: 0 } })],
  /** Whole gangs, fewest nodes; small ones may pass until the head has waited ten minutes. */
  ['muster', everybody('muster', { members: { ...DEFAULT_POLICY.members, strategy: 'least-fragmentation' } })],
]);
