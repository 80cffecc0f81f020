import { DEFAULT_POLICY, type Policy, type QueueRules } from './policy.ts';
import { openRules, type Rules } from './rules.ts';
import {
  DEFAULT_RECLAIM,
  OPEN_TENANCY,
  plainQueue,
  type Fairness,
  type ReclaimRules,
  type Tenancy,
} from './tenancy.ts';

const forAllPods = (name: string, change: Partial<Policy>): Rules =>
  openRules([{ ...DEFAULT_POLICY, name, ...change }]);

const queueWith = (change: Partial<QueueRules>): QueueRules => ({ ...DEFAULT_POLICY.queue, ...change });

const TIGHT = { ...DEFAULT_POLICY.members, strategy: 'least-fragmentation' } as const;

const ANYBODY = { namespaces: [], groups: [], labels: new Map<string, string>(), users: [], dialects: [] };

/** Each namespace has a queue of its own, made when it is first needed. */
const byNamespace = (turns: Fairness['turns'], reclaim: Partial<ReclaimRules>): Tenancy => ({
  ...OPEN_TENANCY,
  queues: [
    {
      ...plainQueue('tenants'),
      each: plainQueue(''),
      reclaim: { ...DEFAULT_RECLAIM, mode: 'enforce', ...reclaim },
    },
  ],
  rules: [{ ...ANYBODY, queue: 'tenants.{namespace}', force: false }],
  fairness: { ...OPEN_TENANCY.fairness, priority: 'within', turns },
});

const MINUTE_MS = 60_000;
const whole = { ...DEFAULT_POLICY.preemption, wholeGangs: true };
const WHOEVER_FITS = queueWith({ blockAfterMs: Infinity, backfill: 'off', order: 'fifo' });

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
      preemption: { ...whole, mode: 'enforce' },
    }),
  ],
  /**
   * As `muster`; each namespace is a queue, and evicts others that hold more than their equal share. Not soon, and nobody
   * who has just started: what is evicted works again from its beginning.
   */
  [
    'muster-fair',
    {
      ...forAllPods('muster-fair', { members: TIGHT, preemption: { ...whole, minRuntimeMs: 10 * MINUTE_MS } }),
      tenancy: byNamespace('share', { to: 'share', afterMs: 30 * MINUTE_MS, patienceMs: 60 * MINUTE_MS }),
    },
  ],
  /** Turns and reclaim by rules like Kueue's. */
  [
    'kueue-like',
    {
      ...forAllPods('kueue-like', { queue: WHOEVER_FITS, preemption: whole }),
      tenancy: byNamespace('borrowing', { afterMs: 0, patienceMs: 0, indivisible: 'allow' }),
    },
  ],
  /** Turns and reclaim by rules like YuniKorn's. */
  [
    'yunikorn-like',
    {
      ...forAllPods('yunikorn-like', { queue: WHOEVER_FITS, preemption: whole }),
      tenancy: byNamespace('guarantee-ratio', { afterMs: 30_000, patienceMs: 0, indivisible: 'allow' }),
    },
  ],
]);
