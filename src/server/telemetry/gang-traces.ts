import type { Span } from '@opentelemetry/api';
import { createHash } from 'node:crypto';
import type { Effect } from '../../core/effects.ts';
import type { PodRef } from '../../core/model.ts';
import type { GangStanding } from '../../core/reads.ts';
import type { Pipeline } from './pipeline.ts';

/** Gangs whose trace may be open at once; further ones have none. */
export const MOST_OPEN = 5000;
/** Of a reason, in characters. */
const MOST_OF_REASON = 200;
/** How often it is looked for gangs that are gone, or that another replica decides about. */
const LOOK_MS = 10_000;

interface Deps {
  readonly pipeline: Pick<Pipeline, 'begin'>;
  /** undefined: there is no such gang. */
  readonly standing: (gang: string) => GangStanding | undefined;
  readonly isFollowing: () => boolean;
  readonly nowMs: () => number;
  /** A time of `nowMs` as wall time. */
  readonly toWall: (ms: number) => number;
}

/** What a gang does in the part of its trace that is open. */
type StageName = 'waiting' | 'completing';

/** The trace of a gang that is not complete. */
interface Trace {
  /** By it two gangs of one name are told apart. */
  readonly sinceMs: number;
  readonly root: Span;
  /** Where it stands; undefined: that is not known. */
  stage: { readonly name: StageName; readonly span: Span } | undefined;
}

/**
 * One trace per gang: span `gang` from when its leader was created until the last member that it needs is bound; in it
 * `waiting` until its places are reserved, with an event for each change of the reason, and `completing` from then on. A
 * gang that loses its reservation waits again, in a further span.
 *
 * What is not finished when muster ends, or when another replica decides, is not exported: the replica that goes on
 * tells the whole from the creation on, under the same trace id.
 */
export class GangTraces {
  readonly #deps: Deps;
  readonly #open = new Map<string, Trace>();
  #lookedMs = -Infinity;
  /** Gangs that got no trace because too many were open. */
  refused = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Call right after the call that had the effect. @returns the id of the gang's trace */
  onEffect(effect: Effect): string | undefined {
    switch (effect.kind) {
      case 'gang-waits':
        return this.#told(this.#traceOf(effect), (one) => this.#waits(one, effect.reason));
      case 'gang-admitted':
        return this.#told(this.#traceOf(effect), (one) => this.#next(one, 'completing', 'reserved'));
      case 'reservation-revoked':
        return this.#told(this.#known(effect.gang), (one) => this.#next(one, 'waiting', 'revoked'));
      case 'slots-expired':
        return this.#told(this.#known(effect.gang), (one) => effect.whole && this.#next(one, 'waiting', 'expired'));
      case 'gang-complete':
        return this.#told(this.#completed(effect), () => this.#end(effect.gang, 'complete'));
      case 'gang-released':
        return this.#told(this.#known(effect.gang), () => this.#end(effect.gang, 'released'));
      default:
        return 'gang' in effect ? this.idOf(effect.gang) : undefined;
    }
  }

  /** The id of the gang's open trace. */
  idOf(gang: string): string | undefined {
    return this.#known(gang)?.root.spanContext().traceId;
  }

  /** Call at least every few seconds: ends the traces of gangs that went while they waited. O(open traces) each LOOK_MS. */
  look(): void {
    const { nowMs, isFollowing } = this.#deps;
    if (nowMs() - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs();
    if (isFollowing()) this.#open.clear();
    for (const [gang, { sinceMs }] of this.#open)
      if (this.#deps.standing(gang)?.sinceMs !== sinceMs) this.#end(gang, 'gone');
  }

  #told(one: Trace | undefined, tell: (one: Trace) => unknown): string | undefined {
    if (one) tell(one);
    return one?.root.spanContext().traceId;
  }

  /** The trace of the gang that has this name now, or had it until this effect. */
  #known(gang: string): Trace | undefined {
    const one = this.#open.get(gang);
    if (!one) return undefined;
    const sinceMs = this.#deps.standing(gang)?.sinceMs;
    return sinceMs === undefined || sinceMs === one.sinceMs ? one : undefined;
  }

  #traceOf({ gang, leader }: { readonly gang: string; readonly leader: PodRef }): Trace | undefined {
    const standing = this.#deps.standing(gang);
    const known = this.#open.get(gang);
    if (known && known.sinceMs === standing?.sinceMs) return known;
    if (known) this.#end(gang, 'gone');
    if (!standing?.isAwaited) return undefined;
    if (this.#open.size >= MOST_OPEN) {
      this.refused++;
      return undefined;
    }
    const one = this.#begin(gang, leader, standing);
    const startMs = this.#deps.toWall(standing.sinceMs);
    one.stage = {
      name: 'waiting',
      span: this.#deps.pipeline.begin({ name: 'waiting', startMs, in: { span: one.root } }),
    };
    return one;
  }

  /** The trace of a gang that is complete now; of one whose places were reserved before a restart it has no stages. */
  #completed({ gang, leader }: Extract<Effect, { kind: 'gang-complete' }>): Trace | undefined {
    const standing = this.#deps.standing(gang);
    return this.#known(gang) ?? (standing && this.#begin(gang, leader, standing));
  }

  #begin(gang: string, leader: PodRef, standing: GangStanding): Trace {
    const { sinceMs, traceParent } = standing;
    const root = this.#deps.pipeline.begin({
      name: 'gang',
      startMs: this.#deps.toWall(sinceMs),
      attributes: attributesOf(gang, leader, standing),
      in: traceParent === undefined ? { traceId: traceIdOf(leader.uid) } : { traceParent },
    });
    const one: Trace = { sinceMs, root, stage: undefined };
    this.#open.set(gang, one);
    return one;
  }

  #waits({ stage }: Trace, reason: string): void {
    if (stage?.name === 'waiting')
      stage.span.addEvent('waits', { reason: reason.slice(0, MOST_OF_REASON) }, this.#now());
  }

  #next(one: Trace, name: StageName, outcome: string): void {
    if (one.stage?.name === name) return;
    this.#endStage(one, outcome);
    const startMs = this.#now().getTime();
    one.stage = { name, span: this.#deps.pipeline.begin({ name, startMs, in: { span: one.root } }) };
  }

  #endStage({ stage }: Trace, outcome: string): void {
    stage?.span.setAttribute('muster.outcome', outcome);
    stage?.span.end(this.#now());
  }

  #end(gang: string, outcome: 'complete' | 'released' | 'gone'): void {
    const one = this.#open.get(gang);
    if (!one) return;
    this.#open.delete(gang);
    this.#endStage(one, outcome);
    one.root.setAttribute('muster.outcome', outcome);
    one.root.end(this.#now());
  }

  #now(): Date {
    return new Date(this.#deps.toWall(this.#deps.nowMs()));
  }
}

/** The same in every replica, and after a restart: whoever tells of the gang tells it in one trace. */
const traceIdOf = (uid: string): string => createHash('sha256').update(`gang ${uid}`).digest('hex').slice(0, 32);

function attributesOf(gang: string, leader: PodRef, { queue, policy, user, priority, members }: GangStanding) {
  return {
    'muster.gang': gang,
    'muster.queue': queue,
    'muster.policy': policy,
    'muster.user': user,
    'muster.priority': priority,
    'muster.members': members,
    'k8s.namespace.name': leader.namespace,
    'k8s.pod.name': leader.name,
    'k8s.pod.uid': leader.uid,
  };
}
