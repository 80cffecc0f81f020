import { describe, expect, test } from 'vitest';
import { schedulerFor } from '../../src/replay/replay.ts';
import { DEFAULT_PROFILE } from '../../src/replay/kube-scheduler/profile.ts';
import { SchedulingQueue } from '../../src/replay/kube-scheduler/scheduling-queue.ts';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { JobHistory } from '../../src/replay/sim/job-history.ts';
import { newPod, newRun, type SimPod } from '../../src/replay/sim/job-run.ts';
import { KubeScheduler } from '../../src/replay/sim/kube-scheduler.ts';
import { directPort } from '../../src/replay/sim/port.ts';
import { Recorder } from '../../src/replay/sim/recorder.ts';
import { Timeline } from '../../src/replay/sim/timeline.ts';
import { Truth } from '../../src/replay/sim/truth.ts';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { KUBE_CASES, type KubeCase } from '../support/kube-cases.ts';
import { app, preset } from '../support/replays.ts';

/** The simulated kube-scheduler alone, as it comes, and what it does to pods. */
class Cluster {
  readonly timeline = new Timeline();
  readonly evicted: string[] = [];
  readonly #truth: Truth;
  readonly #scheduler: KubeScheduler;
  readonly #pods = new Map<string, SimPod>();

  constructor(nodes: readonly NodeInfo[], seed: number) {
    const { timeline } = this;
    const truth = (this.#truth = new Truth(nodes));
    this.#scheduler = new KubeScheduler({
      timeline,
      truth,
      queue: new SchedulingQueue({ isEager: true, maxBackoffMs: DEFAULT_PROFILE.maxBackoffMs }),
      profile: DEFAULT_PROFILE,
      recorder: new Recorder(truth.totalCpu()),
      port: directPort(schedulerFor(preset('kube-default'))),
      options: { ...DEFAULT_REPLAY, seed },
    });
    this.#scheduler.onEvicted = (uid) => this.#evict(uid);
  }

  place(info: PodInfo, node: string, startedS: number): void {
    const placed = this.#pod(info);
    placed.state = 'bound';
    placed.node = node;
    this.#truth.bind(placed, 1000 * startedS);
  }

  /** @returns the node that the pod is bound to; '': none */
  nodeFor(info: PodInfo): string {
    const pod = this.#pod(info);
    this.#scheduler.add(pod);
    while (pod.state === 'waiting' && this.timeline.step() === true);
    return pod.node;
  }

  #pod(info: PodInfo): SimPod {
    const pod = { ...newPod(newRun(new JobHistory(app(info.name), 0), 0, 1, 0), 'leader'), info };
    this.#pods.set(info.uid, pod);
    return pod;
  }

  #evict(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    pod.isEvicted = true;
    this.evicted.push(pod.info.name);
    this.timeline.at(this.timeline.nowMs + DEFAULT_REPLAY.graceMs, () => {
      pod.state = 'over';
      this.#truth.unbind(pod);
      this.#scheduler.podGone();
    });
  }
}

function play({ nodes, placed, waiting }: KubeCase, seed: number): { taken: string[]; evicted: string[] } {
  const cluster = new Cluster(nodes, seed);
  for (const { pod, node, startedS } of placed) cluster.place(pod, node, startedS);
  return { taken: waiting.map((pod) => cluster.nodeFor(pod)), evicted: cluster.evicted.sort() };
}

const SEEDS = Array.from({ length: 20 }, (_, i) => i);

describe('the simulated kube-scheduler does what the real one does', () => {
  test.each(KUBE_CASES)('$name', (one) => {
    const evictions = (one.evicted ?? [[]]).map((names) => [...names].sort());
    for (const seed of SEEDS) {
      const { taken, evicted } = play(one, seed);
      taken.forEach((node, i) => expect(one.expected[i]).toContain(node));
      expect(evictions).toContainEqual(evicted);
    }
  });

  test.each(KUBE_CASES.filter(({ expected }) => (expected[0]?.length ?? 0) > 1))('$name: seeds differ', (one) => {
    expect(new Set(SEEDS.map((seed) => play(one, seed).taken[0])).size).toBeGreaterThan(1);
  });
});
