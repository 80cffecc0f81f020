import { DEFAULT_POLICY, type Policy, type QueueRules } from './policy.ts';
import { openRules, type Rules } from './rules.ts';
import { OPEN_TENANCY } from './tenancy.ts';

const forAllPods = (name: string, change: Partial<Policy>): Rules =>
  openRules([{ ...DEFAULT_POLICY, name, ...change }]);

const queueWith = (change: Partial<QueueRules>): QueueRules => ({ ...DEFAULT_POLICY.queue, ...change });

const TIGHT = { ...DEFAULT_POLICY.members, strategy: 'least-fragmentation' } as const;

/** Policies for `--policy NAME` instead of a file: kube-scheduler's behaviour today, and muster's suggestions. */
export const PRESETS: ReadonlyMap<string, Rules> = new Map([
  /** No gangs: every pod is placed alone, as by kube-scheduler without muster, and may preempt others. Drivers may deadlock. */
  [
    'kube-default',
    forAllPods('kube-default', { gangs: 'off', preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' } }),
  ],
  /** As `kube-default`, without kube-scheduler's own preemption. */
  ['kube-no-preemption', forAllPods('kube-no-preemption', { gangs: 'off' })],
  /** Whole gangs, strictly in admission order: by priority, then by arrival. */
  [
    'fifo-gang',
    {
      ...forAllPods('fifo-gang', { queue: queueWith({ blockAfterMs: 0 }) }),
      tenancy: { ...OPEN_TENANCY, fairness: { ...OPEN_TENANCY.fairness, turns: 'fifo' } },
    },
  ],
  /** Whole gangs on as few nodes as possible; a gang that has waited ten minutes blocks those behind it. */
  ['muster', forAllPods('muster', { members: TIGHT })],
  /** As `muster`, and gangs of higher priority preempt, whole gangs if nothing less helps. */
  [
    'muster-preempt',
    forAllPods('muster-preempt', {
      members: TIGHT,
      preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce', wholeGangs: true },
    }),
  ],
]);
