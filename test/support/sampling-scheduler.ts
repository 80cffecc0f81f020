import { isAdmitted } from '../../src/core/gang/gang.ts';
import type { PodInfo } from '../../src/core/model.ts';
import type { World } from './world.ts';

interface Waiting {
  readonly pod: PodInfo;
  nominated: string;
}

interface Options {
  /** The nodes of one offer, of those with room for the pod; by default the next 100, as kube-scheduler goes round. */
  readonly offer?: (fitting: readonly string[], pod: PodInfo) => readonly string[];
  /** Whether a nomination reaches kube-scheduler. */
  readonly hears?: () => boolean;
}

/** The least that kube-scheduler looks for. */
export const SAMPLE = 100;

/**
 * A kube-scheduler that offers samples: pods in order, the nominated node first and alone, then some of the nodes that have
 * room by what is bound. It knows no reservations, and binds where it is told.
 */
export class SamplingScheduler {
  readonly #world: World;
  readonly #options: Options;
  readonly #waiting: Waiting[] = [];
  readonly #bound = new Map<string, string>();
  readonly #room = new Map<string, number>();
  #start = 0;
  #effects = 0;
  asks = 0;
  nominations = 0;

  constructor(world: World, options: Options = {}) {
    this.#world = world;
    this.#options = options;
    for (const { name, allocatable } of world.nodes.values()) this.#room.set(name, allocatable.get('cpu')!);
  }

  /** The nodes of bound pods by UID. */
  get bound(): ReadonlyMap<string, string> {
    return this.#bound;
  }

  get left(): number {
    return this.#waiting.length;
  }

  get nodesInUse(): number {
    return new Set(this.#bound.values()).size;
  }

  add(...pods: readonly PodInfo[]): void {
    for (const pod of pods) this.#waiting.push({ pod, nominated: '' });
  }

  /** Asks once about each waiting pod, `ms` apart. */
  round(ms = 1): void {
    for (const one of [...this.#waiting]) {
      this.#world.nowMs += ms;
      const node = this.#ask(one);
      this.#hearNominations();
      if (node === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      this.#bound.set(one.pod.uid, node);
      this.#room.set(node, this.#room.get(node)! - cpuOf(one.pod));
      this.#world.bind(one.pod, node);
    }
  }

  /** Until no pod waits. @throws Error if that takes more rounds */
  finish(rounds: number, ms = 1): void {
    for (let i = 0; i < rounds && this.left > 0; i++) {
      this.round(ms);
      // Back-off.
      this.#world.wait(1000);
    }
    if (this.left > 0) throw new Error(`${this.left} pods still wait after ${rounds} rounds`);
  }

  #ask({ pod, nominated }: Waiting): string | undefined {
    const fits = (name: string) => this.#room.get(name)! >= cpuOf(pod);
    if (nominated !== '' && fits(nominated)) {
      const answer = this.#answer(pod, [nominated]);
      if (answer !== undefined) return answer;
    }
    const names = [...this.#world.nodes.keys()];
    const turned = [...names.slice(this.#start), ...names.slice(0, this.#start)];
    const fitting = turned.filter(fits);
    const offered = this.#options.offer?.(fitting, pod) ?? fitting.slice(0, SAMPLE);
    this.#start = fitting.length <= SAMPLE ? this.#start : names.indexOf(fitting[SAMPLE]!);
    return offered.length === 0 ? undefined : this.#answer(pod, offered);
  }

  #answer(pod: PodInfo, offered: readonly string[]): string | undefined {
    this.asks++;
    const answer = this.#world.ask(pod, offered);
    if (!answer.startsWith('-> ')) return undefined;
    const node = answer.slice(3);
    if (!offered.includes(node)) throw new Error(`${node} was not offered to ${pod.uid}`);
    return node;
  }

  #hearNominations(): void {
    const { effects } = this.#world;
    for (; this.#effects < effects.length; this.#effects++) {
      const effect = effects[this.#effects]!;
      if (effect.kind !== 'nominate') continue;
      this.nominations++;
      const one = this.#waiting.find(({ pod }) => pod.uid === effect.pod.uid);
      if (one && this.#options.hears?.() !== false) one.nominated = effect.node;
    }
  }
}

const cpuOf = ({ request }: PodInfo) => request.get('cpu') ?? 0;

/** The gangs that have been admitted and miss members that they need. */
export const partialGangs = ({ scheduler }: World): string[] =>
  [...scheduler.inside.gangs.values()]
    .filter((gang) => isAdmitted(gang) && gang.slots.some(({ state }) => state !== 'bound'))
    .map(({ key }) => key);
