import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoreNodes } from '../../src/replay/kube-scheduler/score-nodes.ts';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { replay, schedulerFor } from '../../src/replay/replay.ts';
import { directPort } from '../../src/replay/sim/port.ts';
import type { TraceJob } from '../../src/replay/trace/job.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { app, nodes, preset, traceOf } from '../support/replays.ts';

const RUNS = { numRuns: propertyRuns(60), seed: 7 };
const POLICY = 'kube-no-preemption';
const { cycleMs, bindMs } = DEFAULT_REPLAY;
const CORES = [4, 6, 7];
const CLUSTER = CORES.flatMap((cores, i) => nodes(i + 1, cores).slice(i));

/** Single pods of one to five cores; no two come at the same time. */
const jobs = fc
  .uniqueArray(
    fc.record({
      cores: fc.integer({ min: 1, max: 5 }),
      submitMs: fc.integer({ min: 0, max: 400_000 }),
      durationMs: fc.integer({ min: 1000, max: 900_000 }),
      priority: fc.constantFrom(0, 10, 1000),
    }),
    { minLength: 5, maxLength: 40, selector: ({ submitMs }) => submitMs },
  )
  .map((list) =>
    list
      .sort((a, b) => a.submitMs - b.submitMs)
      .map(({ cores, submitMs, ...rest }, i) => {
        const leader = new Map([
          ['cpu', cores * 1000],
          ['memory', 2 ** 30],
        ]);
        return app(`j${i}`, { ...rest, leader, submitMs: submitMs - (list[0]?.submitMs ?? 0) }, 0);
      }),
  );

interface Binding {
  readonly job: string;
  readonly node: string;
  readonly atMs: number;
}

/** What the simulator binds, and when. */
async function bindingsOf(list: readonly TraceJob[]): Promise<readonly Binding[]> {
  const bindings: Binding[] = [];
  const policy = preset(POLICY);
  const port: ReturnType<typeof directPort> = {
    ...directPort(schedulerFor(policy)),
    observe: (event, nowMs) => {
      if (event.kind !== 'pod' || event.pod.node === undefined) return;
      bindings.push({ job: event.pod.name.replace('-driver', ''), node: event.pod.node, atMs: nowMs - bindMs });
    },
  };
  const input = {
    trace: traceOf(...list),
    nodes: CLUSTER,
    nodesName: 'n',
    policies: [policy],
    options: DEFAULT_REPLAY,
  };
  await replay({ ...input, portFor: () => port });
  return bindings;
}

/** A pod that waits: in the active queue, in back-off until the end of a second, or for an event. */
interface Waiting {
  readonly job: TraceJob;
  place: 'active' | 'backoff' | 'unschedulable';
  tries: number;
  sinceMs: number;
  backoffEndMs: number;
}

const second = (ms: number) => ms - (ms % 1000);
const cpuOf = ({ leader }: TraceJob) => leader.get('cpu')!;

/**
 * kube-scheduler without preemption, for single pods that hold a node for their duration, in the plainest way: lists
 * that are searched through. Of several best nodes it takes the one that the simulator took.
 */
class Naive {
  readonly #taken: readonly Binding[];
  #toCome: readonly TraceJob[];
  #waiting: Waiting[] = [];
  #held: { readonly job: TraceJob; readonly node: string; readonly endMs: number }[] = [];
  #bound = 0;

  constructor(list: readonly TraceJob[], taken: readonly Binding[]) {
    this.#toCome = list;
    this.#taken = taken;
  }

  /** @returns the number of pods that it bound as the simulator did; all of them */
  run(): number {
    let freeMs = 0;
    for (let nowMs = 0; ;) {
      const eventMs = Math.min(
        ...this.#toCome.map(({ submitMs }) => submitMs),
        ...this.#held.map(({ endMs }) => endMs),
      );
      const tryMs = Math.max(freeMs, nowMs, this.#readyMs());
      nowMs = Math.min(eventMs, tryMs);
      if (nowMs === Infinity || this.#held.length + this.#toCome.length + this.#waiting.length === 0)
        return this.#bound;
      if (eventMs <= tryMs) this.#happens(nowMs);
      else {
        this.#try(nowMs);
        freeMs = nowMs + cycleMs;
      }
    }
  }

  #readyMs(): number {
    return this.#waiting.some(({ place }) => place !== 'unschedulable')
      ? 0
      : Math.min(...this.#waiting.map((pod) => flushMs(pod)));
  }

  #happens(nowMs: number): void {
    const come = this.#toCome.filter(({ submitMs }) => submitMs === nowMs);
    this.#toCome = this.#toCome.filter(({ submitMs }) => submitMs > nowMs);
    for (const job of come)
      this.#waiting.push({ job, place: 'active', tries: 0, sinceMs: nowMs, backoffEndMs: -Infinity });
    if (!this.#held.some(({ endMs }) => endMs === nowMs)) return;
    this.#held = this.#held.filter(({ endMs }) => endMs > nowMs);
    for (const pod of this.#waiting) if (pod.place === 'unschedulable') wake(pod, nowMs);
  }

  #try(nowMs: number): void {
    for (const pod of this.#waiting) {
      if (pod.place === 'unschedulable' && flushMs(pod) <= nowMs) wake(pod, nowMs);
      if (pod.place === 'backoff' && pod.backoffEndMs < second(nowMs)) pod.place = 'active';
    }
    const active = this.#waiting.filter(({ place }) => place === 'active');
    const backoff = this.#waiting.filter(({ place }) => place === 'backoff');
    const [pod] = active.length > 0 ? active.sort(byPriority) : backoff.sort(byBackoff);
    if (!pod) throw new Error('Nothing to try.');
    const nodesWithPods = CLUSTER.map((node) => ({
      node,
      pods: this.#held.filter((one) => one.node === node.name).map(({ job }) => ({ request: job.leader })),
    }));
    const roomy = nodesWithPods.filter(({ node, pods }) => {
      const used = pods.reduce((sum, { request }) => sum + request.get('cpu')!, 0);
      return used + cpuOf(pod.job) <= node.allocatable.get('cpu')!;
    });
    if (roomy.length > 0) return this.#bind(pod, roomy, nowMs);
    const endMs = nowMs + cycleMs;
    Object.assign(pod, { place: 'unschedulable', sinceMs: endMs });
    pod.backoffEndMs = second(endMs + Math.min(10_000, 1000 * 2 ** pod.tries++));
  }

  #bind(pod: Waiting, roomy: Parameters<typeof scoreNodes>[1], nowMs: number): void {
    const request = pod.job.leader;
    const scores = scoreNodes({ request, constraints: { nodeSelector: new Map(), tolerations: [] } }, roomy);
    const most = Math.max(...scores.map(({ total }) => total));
    const best = scores.filter(({ total }) => total === most).map(({ node }) => node);
    const taken = this.#taken[this.#bound++];
    expect(taken).toMatchObject({ job: pod.job.id, atMs: nowMs });
    expect(best).toContain(taken?.node);
    this.#waiting = this.#waiting.filter((one) => one !== pod);
    this.#held.push({ job: pod.job, node: taken?.node ?? '', endMs: nowMs + pod.job.durationMs });
  }
}

/** The first of the checks every half minute at which the pod has waited for more than five. */
function flushMs({ sinceMs }: Waiting): number {
  let atMs = 0;
  while (atMs <= sinceMs + 300_000) atMs += 30_000;
  return atMs;
}

function wake(pod: Waiting, nowMs: number): void {
  pod.place = pod.backoffEndMs >= second(nowMs) ? 'backoff' : 'active';
}

const byPriority = (a: Waiting, b: Waiting) => b.job.priority - a.job.priority || a.sinceMs - b.sinceMs;
const byBackoff = (a: Waiting, b: Waiting) => a.backoffEndMs - b.backoffEndMs || byPriority(a, b);

test('single pods are bound when and where the plainest kube-scheduler binds them', async () => {
  await fc.assert(
    fc.asyncProperty(jobs, async (list) => {
      const bindings = await bindingsOf(list);
      expect(bindings).toHaveLength(list.length);
      expect(new Naive(list, bindings).run()).toBe(list.length);
    }),
    RUNS,
  );
});
