import { Scheduler } from '../../src/core/scheduler.ts';
import type { RunTimes } from '../../src/core/history/run-times.ts';
import type { Effect } from '../../src/core/effects.ts';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import type { SchedulerState } from '../../src/core/state.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { boundTo, offer } from './builders.ts';

/** A scheduler whose state tests can read. */
export class OpenScheduler extends Scheduler {
  get inside(): SchedulerState {
    return this.state;
  }
}

/** A cluster with muster in it; the invariants are checked after every step. Time moves only by `wait`. */
export class World {
  readonly scheduler: OpenScheduler;
  readonly effects: Effect[] = [];
  readonly nodes = new Map<string, NodeInfo>();
  nowMs = 0;

  constructor(
    nodes: readonly NodeInfo[],
    policy: Partial<Policy> = {},
    synced = true,
    ignoredResources: readonly string[] = [],
    runTimes?: RunTimes,
  ) {
    const policies = [{ ...DEFAULT_POLICY, ...policy }];
    this.scheduler = new OpenScheduler({
      policies,
      schedulerNames: ['muster'],
      ignoredResources,
      ...(runTimes ? { runTimes } : {}),
    });
    for (const one of nodes) this.node(one);
    if (synced) this.#observe({ kind: 'synced' });
  }

  node(one: NodeInfo): void {
    this.nodes.set(one.name, one);
    this.#observe({ kind: 'node', node: one });
  }

  removeNode(name: string): void {
    this.nodes.delete(name);
    this.#observe({ kind: 'node-gone', name });
  }

  sync(): void {
    this.#observe({ kind: 'synced' });
  }

  /** kube-scheduler asks; all nodes are offered unless said. `-> node` or `waits: reason` or `any of a,b`. */
  ask(pod: PodInfo, offered: readonly string[] = [...this.nodes.keys()]): string {
    const { answer, effects } = this.scheduler.filter({ pod, candidates: offer(offered) }, this.nowMs);
    this.effects.push(...effects);
    this.scheduler.checkInvariants();
    switch (answer.kind) {
      case 'one':
        return `-> ${answer.node}`;
      case 'none':
        return `waits: ${answer.reason}`;
      case 'all':
        return 'any';
      case 'some':
        return `any of ${offered
          .filter((name) => !answer.failed.includes(name))
          .sort()
          .join(',')}`;
    }
  }

  bind(pod: PodInfo, node: string): void {
    this.#observe({ kind: 'pod', pod: boundTo(pod, node) });
  }

  /** Asks, and binds where the answer is one node. @returns the answer */
  start(pod: PodInfo, offered?: readonly string[]): string {
    const answer = this.ask(pod, offered);
    if (answer.startsWith('-> ')) this.bind(pod, answer.slice(3));
    return answer;
  }

  gone(pod: PodInfo): void {
    this.#observe({ kind: 'pod-gone', uid: pod.uid });
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.effects.push(...this.scheduler.tick(this.nowMs));
    this.scheduler.checkInvariants();
  }

  /** Looks for victims. @returns the names of those that are to be evicted now, by name */
  makeRoom(): string[] {
    const effects = this.scheduler.makeRoom(this.nowMs);
    this.effects.push(...effects);
    this.scheduler.checkInvariants();
    const planned = effects.flatMap((effect) => (effect.kind === 'eviction-planned' ? effect.victims : []));
    return planned.map(({ pod }) => pod.name).sort();
  }

  /** kube-scheduler proposes victims for a pod, by name. @returns `node: names`, with `!n` for n broken budgets; or `nobody` */
  preempt(pod: PodInfo, proposed: Readonly<Record<string, readonly string[]>>, pdbViolations = 0): string {
    const victims = new Map(Object.entries(proposed).map(([node, uids]) => [node, { uids, pdbViolations }]));
    const answer = this.scheduler.preempt({ pod, victims }, this.nowMs);
    this.scheduler.checkInvariants();
    const text = [...answer].map(([node, { uids, pdbViolations: broken }]) => {
      return `${node}: ${uids.join(' ')}${broken > 0 ? ` !${broken}` : ''}`;
    });
    return text.join('; ') || 'nobody';
  }

  /** Anything that is to be known of the cluster. */
  learn(event: Parameters<Scheduler['observe']>[0]): void {
    this.#observe(event);
  }

  kinds(): string[] {
    return this.effects.map(({ kind }) => kind);
  }

  #observe(event: Parameters<Scheduler['observe']>[0]): void {
    this.effects.push(...this.scheduler.observe(event, this.nowMs));
    this.scheduler.checkInvariants();
  }
}
