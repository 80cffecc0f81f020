import type { Queues } from '../result.ts';
import type { SimPod } from './job-run.ts';

/** A gang that loses a pod so soon after the pod was bound, and had lost some before, goes in circles, in ms. */
const CYCLE_MS = 600_000;

/** Counts evictions between queues, and gangs that are evicted again and again. */
export class Reclaims {
  #gangs = 0;
  #pods = 0;
  #reclaims = 0;
  #cycles = 0;
  /** The instant of each gang's last eviction, and of each claimant's; by job. */
  readonly #evictedMs = new Map<string, number>();
  readonly #claimedMs = new Map<string, number>();

  /** @param victim as it was before @param claimant whose gang it is evicted for */
  evicted(victim: SimPod, claimant: SimPod | undefined, nowMs: number): void {
    const key = keyOf(victim);
    const beforeMs = this.#evictedMs.get(key);
    const isFirst = beforeMs !== nowMs;
    this.#evictedMs.set(key, nowMs);
    const { boundMs } = victim;
    if (isFirst && beforeMs !== undefined && boundMs > beforeMs && nowMs - boundMs < CYCLE_MS) this.#cycles++;
    if (!claimant || claimant.job.job.queue === victim.job.job.queue) return;
    this.#pods++;
    if (isFirst) this.#gangs++;
    if (this.#claimedMs.get(keyOf(claimant)) !== nowMs) this.#reclaims++;
    this.#claimedMs.set(keyOf(claimant), nowMs);
  }

  result(): Pick<Queues, 'reclaims' | 'cycles'> {
    return { reclaims: { count: this.#reclaims, gangs: this.#gangs, pods: this.#pods }, cycles: this.#cycles };
  }
}

const keyOf = ({ job: { job } }: SimPod): string => `${job.namespace}/${job.id}`;
