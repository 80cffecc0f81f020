import { refusalOf, type Gang } from '../gang/gang.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { waitKindOf, type WaitKind } from './wait-kind.ts';

/** Gangs of one queue and one policy that wait for one kind of thing. */
export interface WaitGroup {
  /** The path of the queue; NO_QUEUE: of pods whose declaration is wrong, which are in none. */
  readonly queue: string;
  /** The name of the policy. */
  readonly policy: string;
  readonly kind: WaitKind;
  /** Whether they can start as they are declared, once their turn and room come; see `canStart`. */
  readonly canStart: boolean;
  readonly gangs: number;
  /** Since when the first of them has waited, in ms; undefined: they have run before, or ran before muster knew of them. */
  readonly oldestMs: number | undefined;
}

/** No queue has such a name. */
const NO_QUEUE = '(none)';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** All that waits, in no order; nothing while another replica decides, which knows better. O(waiting gangs). */
export function waitGroups(ctx: PreemptionContextView, isBlocked: boolean): readonly WaitGroup[] {
  if (ctx.isFollowing) return [];
  const groups = new Groups();
  for (const gang of ctx.queues.waiting()) {
    const kind = waitKindOf(gang, isBlocked);
    const { queue, policy } = gang;
    groups.add(queue.path, policy.name, { kind, canStart: canStart(gang, kind) }, sinceOf(gang));
  }
  for (const { pod, sinceMs } of ctx.problems.values())
    groups.add(NO_QUEUE, ctx.policyOf(pod).name, { kind: 'declaration', canStart: false }, sinceMs);
  return groups.all;
}

const sinceOf = ({ isAwaited, firstAskMs }: Gang): number | undefined => (isAwaited ? firstAskMs : undefined);

/** What its owner has to mend: no room, turn or limit that others leave would start it. */
const OWNERS_WORK: ReadonlySet<WaitKind> = new Set(['unschedulable', 'declaration', 'members']);

/**
 * Whether the gang can start without a change of its declaration or of the cluster's size: even the empty cluster could
 * hold it, its members exist, and no limit is below what it asks by itself.
 */
function canStart(gang: Gang, kind: WaitKind): boolean {
  const refusal = refusalOf(gang);
  return !OWNERS_WORK.has(kind) && !(refusal?.kind === 'quota' && refusal.isNever === true);
}

/** Found without a key made of texts: thousands of gangs are counted at each scrape. */
class Groups {
  readonly #byQueue = new Map<string, Map<string, Writable<WaitGroup>[]>>();
  readonly all: WaitGroup[] = [];

  add(queue: string, policy: string, of: Pick<WaitGroup, 'kind' | 'canStart'>, sinceMs: number | undefined): void {
    const group = this.#groupOf(queue, policy, of);
    group.gangs++;
    if (sinceMs !== undefined && sinceMs < (group.oldestMs ?? Infinity)) group.oldestMs = sinceMs;
  }

  #groupOf(
    queue: string,
    policy: string,
    { kind, canStart }: Pick<WaitGroup, 'kind' | 'canStart'>,
  ): Writable<WaitGroup> {
    let byPolicy = this.#byQueue.get(queue);
    if (!byPolicy) this.#byQueue.set(queue, (byPolicy = new Map<string, Writable<WaitGroup>[]>()));
    let groups = byPolicy.get(policy);
    if (!groups) byPolicy.set(policy, (groups = []));
    let group = groups.find((one) => one.kind === kind && one.canStart === canStart);
    if (!group) {
      group = { queue, policy, kind, canStart, gangs: 0, oldestMs: undefined };
      groups.push(group);
      this.all.push(group);
    }
    return group;
  }
}
