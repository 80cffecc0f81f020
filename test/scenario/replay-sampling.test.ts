import { expect, test } from 'vitest';
import type { ExtenderPort } from '../../src/replay/sim/port.ts';
import { directPort } from '../../src/replay/sim/port.ts';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { replay, schedulerFor, type ReplayPolicy } from '../../src/replay/replay.ts';
import { app, nodes, preset, traceOf } from '../support/replays.ts';

/** The mean number of nodes in use, as the feed tells of pods. */
class NodesInUse {
  readonly #nodeOf = new Map<string, string>();
  readonly #pods = new Map<string, number>();
  #area = 0;
  #lastMs = 0;
  nominations = 0;
  /** Offers that had all nodes, and that had fewer. */
  readonly offers = { all: 0, samples: 0 };

  get mean(): number {
    return this.#area / this.#lastMs;
  }

  watch(port: ExtenderPort, size: number): ExtenderPort {
    return {
      ...port,
      filter: (request, nowMs) => {
        if (request.candidates.size === size) this.offers.all++;
        else this.offers.samples++;
        return port.filter(request, nowMs);
      },
      takeNominations: () => {
        const taken = port.takeNominations();
        this.nominations += taken.length;
        return taken;
      },
      observe: (event, nowMs) => {
        this.#area += this.#pods.size * (nowMs - this.#lastMs);
        this.#lastMs = nowMs;
        if (event.kind === 'pod' && event.pod.node !== undefined) this.#move(event.pod.uid, event.pod.node);
        if (event.kind === 'pod-gone') this.#move(event.uid);
        port.observe(event, nowMs);
      },
    };
  }

  #move(uid: string, to?: string): void {
    const from = this.#nodeOf.get(uid);
    if (from !== undefined) {
      const left = this.#pods.get(from)! - 1;
      if (left > 0) this.#pods.set(from, left);
      else this.#pods.delete(from);
    }
    this.#nodeOf.delete(uid);
    if (to === undefined) return;
    this.#nodeOf.set(uid, to);
    this.#pods.set(to, (this.#pods.get(to) ?? 0) + 1);
  }
}

/** Apps of 2 to 41 pods that come every second and work for one to sixteen minutes: nodes fill and empty all the time. */
function apps(count: number) {
  let seed = 7;
  const next = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  return traceOf(
    ...Array.from({ length: count }, (_, i) =>
      app(`a${i}`, { submitMs: i * 1000, durationMs: 60_000 + next(900_000) }, 1 + next(40)),
    ),
  );
}

async function run(policy: ReplayPolicy, percentageOfNodesToScore: number) {
  const inUse = new NodesInUse();
  const [result] = (
    await replay({
      trace: apps(250),
      nodes: nodes(1000, 16),
      nodesName: 'n',
      policies: [policy],
      options: { ...DEFAULT_REPLAY, checkEvery: 2000, percentageOfNodesToScore },
      portFor: (one) => inUse.watch(directPort(schedulerFor(one)), 1000),
    })
  ).policies;
  return { inUse, result: result! };
}

test.each(['fifo-gang', 'muster'])(
  '%s packs 1,000 nodes under samples as with all nodes, but for one in a hundred',
  async (name) => {
    const whole = await run(preset(name), 100);
    const sampled = await run(preset(name), 0);
    expect(sampled.result.podsBound).toBe(whole.result.podsBound);
    expect([sampled.result.overcommits, sampled.result.evictions]).toEqual([0, 0]);
    expect(sampled.inUse.offers.samples).toBeGreaterThan(0);
    expect(whole.inUse.nominations).toBe(0);
    expect(sampled.inUse.nominations).toBeGreaterThan(0);
    expect(sampled.inUse.mean).toBeLessThanOrEqual(1.01 * whole.inUse.mean);
  },
);
