import type { Random } from '../random.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { Jobs } from './jobs.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;
const REPAIR_MS = 600_000;

/** Makes nodes fail at random times, with all their pods, and come back after ten minutes. */
export class NodeFailures {
  readonly #world: World;
  readonly #jobs: Jobs;
  readonly #random: Random;

  constructor(world: World, jobs: Jobs, random: Random) {
    this.#world = world;
    this.#jobs = jobs;
    this.#random = random;
  }

  start(fromMs = 0): void {
    const { nodeFailuresPerDay } = this.#world.options;
    if (nodeFailuresPerDay <= 0) return;
    const afterMs = (this.#random.exponential(1) * DAY_MS) / nodeFailuresPerDay;
    this.#world.timeline.at(fromMs + Math.round(afterMs), () => this.#fail(), false);
  }

  #fail(): void {
    const { truth, timeline, port, recorder, nodeRoom } = this.#world;
    const { table } = truth;
    this.start(timeline.nowMs);
    const node = table.nodeAt(this.#random.below(table.rows));
    if (!node || table.size <= 1 || this.#jobs.isOver()) return;
    recorder.nodeFailures++;
    const lost = this.#jobs.podsAt(node.name);
    truth.removeNode(node.name);
    port.observe({ kind: 'node-gone', name: node.name }, timeline.nowMs);
    for (const pod of lost) if (pod.state !== 'over') this.#jobs.podLost(pod);
    nodeRoom.changed(timeline.nowMs, node.name);
    // A repair gives back what was there, and so is no reason to go on with nothing else left.
    timeline.at(timeline.nowMs + REPAIR_MS, () => this.#repair(node), false);
  }

  #repair(node: NodeInfo): void {
    const { truth, timeline, port, nodeRoom } = this.#world;
    truth.addNode(node);
    nodeRoom.changed(timeline.nowMs, node.name);
    port.observe({ kind: 'node', node }, timeline.nowMs);
    this.#jobs.nodeCame(node);
  }
}
