import { DEFAULT_POLICY, type Policy } from './policy.ts';

const everybody = (name: string, change: Partial<Policy>): readonly Policy[] => [
  { ...DEFAULT_POLICY, name, ...change },
];

const TIGHT = { ...DEFAULT_POLICY.members, strategy: 'least-fragmentation' } as const;

/** What people run today, and what muster suggests: for `--policy NAME` instead of a file. */
export const PRESETS: ReadonlyMap<string, readonly Policy[]> = new Map([
  /** No gangs: every pod alone, as kube-scheduler does without muster. Drivers may deadlock. */
  ['kube-default', everybody('kube-default', { gangs: 'off' })],
  /** As `kube-default`, and a replay simulates kube-scheduler's own preemption, pod by pod. */
  [
    'kube-preempt',
    everybody('kube-preempt', { gangs: 'off', preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' } }),
  ],
  /** Whole gangs, strictly in the order of priority and arrival. */
  ['fifo-gang', everybody('fifo-gang', { queue: { blockAfterMs: 0 } })],
  /** Whole gangs, fewest nodes; small ones may pass until the head has waited ten minutes. */
  ['muster', everybody('muster', { members: TIGHT })],
  /** As `muster`, and gangs of higher priority evict others, whole gangs where nothing less helps. */
  [
    'muster-preempt',
    everybody('muster-preempt', {
      members: TIGHT,
      preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce', wholeGangs: true },
    }),
  ],
]);
