import type { Clock } from '../clock.ts';
import type { ClusterEvent, PodInfo, PodRef } from '../core/model.ts';
import {
  gangObjectKey,
  livingPodKey,
  type GangObjects,
  type IntakeContext,
  type LivingPod,
} from '../intake/gang-objects.ts';
import { GANG_OBJECT_SOURCES, type GangObjectSource, type GangObjectsRead } from '../intake/gang-object-sources.ts';
import { nameAt, objectAt, textAt, textMapAt, type Json } from '../intake/field.ts';
import { toNodeInfo } from '../intake/node.ts';
import type { Identity } from '../intake/identity.ts';
import { daemonSetClaimOf, type DaemonSetClaim } from '../intake/pinned.ts';
import { membershipSource, rereadMembership, toPodInfo } from '../intake/pod.ts';
import { isSparkDriver } from '../intake/spark/driver-pod.ts';
import { DaemonSetMirror } from './daemon-sets.ts';
import { NODE } from './decode/node.ts';
import { POD } from './decode/pod.ts';
import { KnownPods, type KnownPod } from './known-pods.ts';
import { Leaders } from './leaders.ts';
import { disruptionBudgetSource, priorityClassSource } from './preemption-sources.ts';
import { succeededMembers } from './succeeded-members.ts';
import { Reflector, type Mirror, type ReflectorNote } from './reflector.ts';
import { GangObjectStore, type Place } from './gang-object-store.ts';
import type { Transport } from './transport.ts';

export interface FeedOptions {
  readonly transport: Transport;
  readonly schedulerNames: readonly string[];
  readonly clock: Pick<Clock, 'nowMs' | 'fromWall'>;
  readonly limits: {
    /** The most members that a gang may need to start. */
    readonly maxGangMembers: number;
    /** How pods and nodes come from the API server. */
    readonly apiEncoding: 'protobuf' | 'json';
  };
  readonly observe: (event: ClusterEvent) => void;
  /** The first lists have been observed. */
  readonly onListed: () => Promise<void>;
  /** The gang object that a pending pod waited for has come: kube-scheduler should ask about the pod again. */
  readonly onResolved: (pod: PodRef) => void;
  /** A gang's leader changed: it was bound or annotated. */
  readonly onLeader: (uid: string) => void;
  /** A leader of a gang is gone, and its annotations with it. */
  readonly onLeaderGone: (gang: string) => void;
  /** A member of a gang other than a leader has no node yet. */
  readonly onPendingMember: (pod: PodInfo) => void;
  /** A pod is bound or gone. */
  readonly onSettled: (uid: string) => void;
  readonly onNote: (note: ReflectorNote) => void;
  /** How long a watch lasts at most, in ms. */
  readonly watchMs: number;
}

/** Leaves out finished pods: they hold no room, and most pods of a batch cluster are finished. */
const LIVING_PODS = '/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed';
const NODES = '/api/v1/nodes';
/** How often the first lists are checked for completion. */
const SYNC_POLL_MS = 20;

/**
 * How long a request about an unheard pod waits for the watch. kube-scheduler asks about no other pod meanwhile. The
 * watches of both are told within milliseconds of each other.
 */
const HEARD_WITHIN_MS = 100;

/** Whatever its records are. */
type AnyReflector = Omit<Reflector<never>, never>;

/** The record of a pod between two events. */
interface PodRecord extends KnownPod {
  readonly version: string;
  /** The DaemonSet that the pod names as its controller. */
  readonly claim?: DaemonSetClaim;
}

/**
 * Feeds the core from the API server: nodes, living pods, and the objects that declare gangs. Those objects are listed
 * before the pods, so that each pod is read with its gang's declaration. If the declaration comes later than the pod,
 * as Spark's ConfigMap does, the pod is read again.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #context: IntakeContext;
  readonly #store = new GangObjectStore();
  readonly #pods: Reflector<PodRecord>;
  readonly #nodes: Reflector<ReturnType<typeof toNodeInfo>>;
  readonly #gangObjects: readonly Reflector<GangObjectsRead>[];
  /** Pods that have succeeded, of groups that need no more room for them. */
  readonly #succeeded: readonly AnyReflector[];
  readonly #daemonSets: DaemonSetMirror;
  /** Disruption budgets, PriorityClasses and DaemonSets. */
  readonly #preemptionSources: readonly AnyReflector[];
  /** Pods by the gang object or living pod they wait for, then by UID. */
  readonly #awaiting = new Map<string, Map<string, PodRecord>>();
  readonly #awaits = new Map<string, string>();
  readonly #known: KnownPods;
  /** The apps of Spark drivers, by the driver's UID. */
  readonly #drivers = new Map<string, Place>();
  readonly leaders = new Leaders();
  #isSynced = false;
  #isStopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { schedulerNames, limits, clock } = options;
    this.#daemonSets = new DaemonSetMirror((pod) => options.observe({ kind: 'pod', pod }));
    this.#context = {
      gangObjects: this.#store,
      schedulerNames: new Set(schedulerNames),
      daemonSets: this.#daemonSets,
      livingPod: (uid) => this.#livingPod(uid),
      fromWall: clock.fromWall,
      maxGangMembers: limits.maxGangMembers,
    };
    this.#known = new KnownPods(this.#context);
    const reflect = <T>(mirror: Mirror<T>) => new Reflector(mirror, { ...options, ...limits, nowMs: clock.nowMs });
    this.#nodes = reflect({
      kind: 'nodes',
      path: NODES,
      resource: NODE,
      keyOf: (object) => placeOf(object).name,
      project: (object) => toNodeInfo(object, 'Node'),
      onPut: (_name, node) => options.observe({ kind: 'node', node }),
      onGone: (name) => options.observe({ kind: 'node-gone', name }),
    });
    this.#pods = reflect({
      kind: 'pods',
      path: LIVING_PODS,
      resource: POD,
      keyOf: uidOf,
      project: (object) => this.#projectPod(object),
      onPut: (uid, record) => this.#putPod(uid, record),
      onGone: (uid) => this.#removePod(uid),
    });
    this.#preemptionSources = [
      reflect(disruptionBudgetSource(options.observe)),
      reflect(priorityClassSource(options.observe)),
      reflect(this.#daemonSets.source),
    ];
    this.#succeeded = succeededMembers(this.#store).map(reflect);
    this.#gangObjects = GANG_OBJECT_SOURCES.map((source) => reflect(this.#gangObjectMirror(source)));
  }

  /** The context for reading the pods of the extender's requests. */
  get context(): IntakeContext {
    return this.#context;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** How old the mirror of nodes and pods, on which every decision rests, may be, in ms. */
  ageMs(): number {
    return Math.max(this.#nodes.ageMs(), this.#pods.ageMs());
  }

  /** Whether nodes and pods are being watched. */
  get isWatching(): boolean {
    return this.#nodes.isWatching && this.#pods.isWatching;
  }

  /** The collections that the API server does not have. */
  missing(): readonly AnyReflector[] {
    return this.#all().filter(({ isMissing }) => isMissing);
  }

  /** Tries again at once what waits for its next try. */
  retryNow(): void {
    for (const reflector of this.#all()) reflector.retryNow();
  }

  /** Whether the API server had a living pod with this UID at the last event. */
  isAlive(uid: string): boolean {
    return this.#known.has(uid);
  }

  /** The pod that kube-scheduler asks about, as the API server has it. */
  identify(ref: PodRef): Identity | Promise<Identity> {
    const isCurrent = this.#isSynced && this.#pods.isWatching;
    return this.#known.identify(ref, isCurrent ? HEARD_WITHIN_MS : 0);
  }

  /** Resolves when the cluster has been read and the core has observed `synced`. The feed runs until `stop`. */
  async start(): Promise<void> {
    const first = [this.#nodes, ...this.#preemptionSources, ...this.#gangObjects, ...this.#succeeded];
    for (const reflector of first) void reflector.run();
    await this.#until(() => first.every(({ isSynced }) => isSynced));
    if (this.#isStopped) return;
    void this.#pods.run();
    await this.#until(() => this.#pods.isSynced);
    if (this.#isStopped) return;
    await this.#options.onListed();
    this.#isSynced = !this.#isStopped;
  }

  /** Reads all pods again, so that their times are converted anew. Call when the wall clock was set. */
  onClockSet(): void {
    this.#pods.relist();
  }

  stop(): void {
    this.#isStopped = true;
    for (const reflector of this.#all()) reflector.stop();
  }

  #all(): readonly AnyReflector[] {
    return [this.#nodes, this.#pods, ...this.#preemptionSources, ...this.#gangObjects, ...this.#succeeded];
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#isStopped) await new Promise((resolve) => setTimeout(resolve, SYNC_POLL_MS));
  }

  #gangObjectMirror({ name, path, kinds, read }: GangObjectSource): Mirror<GangObjectsRead> {
    const store = (place: Place, records: GangObjectsRead) => {
      for (const kind of kinds) this.#store.put(kind, place, records[kind]);
      for (const kind of kinds)
        if (records[kind] !== undefined) this.#resolve(gangObjectKey(kind, place.namespace, place.name));
    };
    const placeOfKey = (key: string): Place => {
      const at = key.indexOf('/');
      return { namespace: key.slice(0, at), name: key.slice(at + 1) };
    };
    return {
      kind: name,
      path,
      isOptional: true,
      keyOf: (object) => {
        const place = placeOf(object);
        return `${place.namespace}/${place.name}`;
      },
      project: read,
      onPut: (key, records) => store(placeOfKey(key), records),
      onGone: (key) => store(placeOfKey(key), {}),
    };
  }

  #projectPod(object: Json): PodRecord {
    const app = sparkDriverOf(object);
    if (app) {
      this.#drivers.set(uidOf(object), app);
      this.#store.put('spark-driver', app, true);
    }
    let hasLooked = false;
    const gangObjects: GangObjects = {
      get: (kind, namespace, name) => {
        hasLooked = true;
        return this.#store.get(kind, namespace, name);
      },
    };
    const info = toPodInfo(object, 'Pod', { ...this.#context, gangObjects });
    const version = textAt(objectAt(object, 'metadata', 'Pod') ?? {}, 'resourceVersion', 'Pod.metadata') ?? '';
    const mayChange = hasLooked && (info.node === undefined || info.membership?.awaits !== undefined);
    const source = mayChange ? membershipSource(object, 'Pod') : undefined;
    const claim = daemonSetClaimOf(object, 'Pod');
    return { info, version, ...(source ? { source } : {}), ...(claim ? { claim } : {}) };
  }

  #putPod(uid: string, read: PodRecord): void {
    const record = { ...read, info: this.#daemonSets.follow(read.info, read.claim) };
    const { info, version } = record;
    const isNew = !this.#known.has(uid);
    this.#known.put(record);
    this.#await(uid, info.membership?.awaits, record);
    if (isNew) this.#resolve(livingPodKey(uid));
    if (info.membership?.spec) {
      this.leaders.put(info, version);
      this.#options.observe({ kind: 'pod', pod: info });
      this.#options.onLeader(uid);
      return;
    }
    this.#options.observe({ kind: 'pod', pod: info });
    if (info.node !== undefined) this.#options.onSettled(uid);
    else if (info.membership && !info.gated) this.#options.onPendingMember(info);
  }

  #livingPod(uid: string): LivingPod | undefined {
    if (this.#drivers.has(uid)) return 'spark-driver';
    return this.#known.has(uid) ? 'other' : undefined;
  }

  #removePod(uid: string): void {
    this.#known.remove(uid);
    this.#daemonSets.forget(uid);
    const app = this.#drivers.get(uid);
    if (app) this.#store.put('spark-driver', app, undefined);
    this.#drivers.delete(uid);
    this.#await(uid, undefined, undefined);
    const leader = this.leaders.get(uid);
    this.leaders.remove(uid);
    this.#options.observe({ kind: 'pod-gone', uid });
    this.#options.onSettled(uid);
    if (leader) this.#options.onLeaderGone(leader.gang);
  }

  #await(uid: string, key: string | undefined, record: PodRecord | undefined): void {
    const before = this.#awaits.get(uid);
    if (before !== undefined) {
      this.#awaits.delete(uid);
      const others = this.#awaiting.get(before);
      others?.delete(uid);
      if (others?.size === 0) this.#awaiting.delete(before);
    }
    if (key === undefined || record === undefined) return;
    this.#awaits.set(uid, key);
    const others = this.#awaiting.get(key);
    if (others) others.set(uid, record);
    else this.#awaiting.set(key, new Map([[uid, record]]));
  }

  /** Reads the pods again that waited for a gang object or a living pod that has come. */
  #resolve(key: string): void {
    for (const [uid, record] of [...(this.#awaiting.get(key) ?? [])]) {
      const info = record.source ? rereadMembership(record.info, record.source, this.#context) : record.info;
      this.#putPod(uid, { ...record, info });
      const { node, gated, membership } = info;
      if (!node && !gated && membership?.problem === undefined) this.#options.onResolved(info);
    }
  }
}

function placeOf(object: Json): Place {
  const metadata = objectAt(object, 'metadata', 'object') ?? {};
  const namespace = textAt(metadata, 'namespace', 'object.metadata') ?? '';
  return { namespace, name: nameAt(metadata, 'name', 'object.metadata') };
}

const uidOf = (object: Json) => nameAt(objectAt(object, 'metadata', 'Pod') ?? {}, 'uid', 'Pod.metadata');

/** The app that this pod drives, by Spark's own labels; undefined: it is not a Spark driver. */
function sparkDriverOf(object: Json): Place | undefined {
  const metadata = objectAt(object, 'metadata', 'Pod') ?? {};
  const labels = textMapAt(metadata, 'labels', 'Pod.metadata');
  if (!isSparkDriver(labels, object)) return undefined;
  return { namespace: placeOf(object).namespace, name: labels.get('spark-app-selector')! };
}
