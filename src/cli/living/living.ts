import type { Effect } from '../../core/effects.ts';
import { httpPort } from '../../replay/http-port.ts';
import { DEFAULT_REPLAY } from '../../replay/options.ts';
import type { ExtenderPort } from '../../replay/sim/port.ts';
import type { ReplayScheduler } from '../../replay/sim/replay-scheduler.ts';
import { simulate } from '../../replay/sim/simulation.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { Trace } from '../../replay/trace/job.ts';
import type { Pace } from './pace.ts';

export interface LivingInput {
  readonly trace: Trace;
  readonly nodes: readonly NodeInfo[];
  readonly scheduler: ReplayScheduler;
  /** URL of the extender's verbs. */
  readonly url: string;
  readonly pace: Pace;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onEffects: (effects: readonly Effect[]) => void;
}

/**
 * Plays a workload in front of a served muster: a simulated kube-scheduler asks its endpoints, and its scheduler hears
 * of the cluster as from a watch. Resolves when all jobs are over, or when it is stopped.
 */
export async function live({ trace, nodes, scheduler, url, pace, signal, onEffects }: LivingInput): Promise<void> {
  const port = httpPort(url, scheduler, (nowMs) => pace.reach(nowMs));
  const { tenancy } = scheduler.rules;
  try {
    await simulate({
      trace,
      nodes,
      port: heard(port, scheduler, onEffects),
      // A kube-scheduler that is idle would ask about refused pods again and again, so many times faster than in life.
      options: { ...DEFAULT_REPLAY, checkEvery: Infinity, eagerBackoff: false },
      policy: 'demo',
      tenancy,
      larger: new Set(),
      signal,
      pace: pace.until,
    });
  } finally {
    port.close();
  }
}

/** The port, with its effects told to the server: it logs and counts them as those of questions. */
function heard(
  port: ExtenderPort,
  scheduler: ReplayScheduler,
  tell: (effects: readonly Effect[]) => void,
): ExtenderPort {
  return {
    ...port,
    observe: (event, nowMs) => tell(scheduler.observe(event, nowMs)),
    tick: (nowMs) => tell(scheduler.tick(nowMs)),
    makeRoom(nowMs) {
      const effects = port.makeRoom(nowMs);
      tell(effects);
      return effects;
    },
  };
}
