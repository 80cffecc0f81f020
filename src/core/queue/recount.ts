import type { ResourceColumns } from '../resources.ts';
import type { PodInfo } from '../model.ts';
import { Tally } from './tally.ts';
import type { QueueTree } from './tree.ts';
import type { Account, Usage } from './usage.ts';

interface World {
  readonly tree: QueueTree;
  readonly usage: Pick<Usage, 'ownerOf' | 'ownerOfPod'>;
  readonly cluster: { readonly columns: ResourceColumns };
}

interface CountedPart {
  readonly vector: Float64Array;
  readonly isLeaving?: boolean;
  readonly isHeld?: boolean;
}

/** Tallies as a recount makes them, by what they are called in a message. */
export class Recounted {
  readonly #world: World;
  readonly #broken: (what: string) => never;
  readonly #tallies = new Map<string, { readonly tally: Tally; readonly gangs: Set<string> }>();

  constructor(world: World, broken: (what: string) => never) {
    this.#world = world;
    this.#broken = broken;
  }

  /** What was recounted and not compared. */
  get left(): readonly string[] {
    return [...this.#tallies].filter(([, { tally }]) => tally.parts > 0).map(([name]) => name);
  }

  single(pod: PodInfo, vector: Float64Array, isLeaving: boolean): void {
    const namespace = pod.evictionTraits?.isPinned ? undefined : pod.namespace;
    this.#add({ owner: this.#world.usage.ownerOfPod(pod.uid), namespace }, { vector, isLeaving });
  }

  gangPart(gang: string, part: CountedPart): void {
    const namespace = gang.slice(0, Math.max(0, gang.indexOf('/')));
    this.#add({ owner: this.#world.usage.ownerOf(gang), namespace, gang }, part);
  }

  compare(name: string, { vector, held, leaving, parts, gangs }: Tally): void {
    const { tally, gangs: keys } = this.#tallies.get(name) ?? { tally: new Tally(), gangs: new Set() };
    this.#tallies.delete(name);
    if (parts !== tally.parts || gangs !== keys.size)
      this.#broken(`${name} counts ${parts} parts of ${gangs} gangs; a recount gives ${tally.parts} of ${keys.size}.`);
    this.#world.cluster.columns.names.forEach((column, c) => {
      for (const [what, counted, recounted] of [
        ['', vector, tally.vector],
        [' held', held, tally.held],
        [' leaving', leaving, tally.leaving],
      ] as const)
        if ((counted[c] ?? 0) !== (recounted[c] ?? 0))
          this.#broken(`${name} counts ${counted[c] ?? 0} ${column}${what}; a recount gives ${recounted[c] ?? 0}.`);
    });
  }

  #add(
    { owner, namespace, gang }: { owner: Account | undefined; namespace: string | undefined; gang?: string },
    { vector, isLeaving = false, isHeld = false }: CountedPart,
  ): void {
    const names = owner ? [] : ['nobody'];
    for (let node = owner?.leaf; node; node = node.parent) {
      names.push(`queue ${node.path}`);
      if (node.countsUsers) names.push(`user ${owner!.user} of queue ${node.path}`);
    }
    if (namespace !== undefined) names.push(`namespace ${namespace}`);
    for (const group of namespace === undefined ? [] : this.#world.tree.groupsOf(namespace))
      names.push(`group ${group}`);
    for (const name of names) {
      let known = this.#tallies.get(name);
      if (!known) this.#tallies.set(name, (known = { tally: new Tally(), gangs: new Set() }));
      if (isHeld) known.tally.hold(vector, 1);
      else known.tally.add(vector, 1);
      if (isLeaving) known.tally.leave(vector, 1);
      if (gang !== undefined) known.gangs.add(gang);
    }
  }
}
