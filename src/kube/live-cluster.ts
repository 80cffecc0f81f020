import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Effect } from '../core/effects.ts';
import type { ClusterEvent, PodRef } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import { DriverFigures } from './driver-figures.ts';
import { Discovery } from './discovery.ts';
import { Effector, type EffectorOptions, type Written } from './effector.ts';
import { Feed } from './feed.ts';
import { HistoryKeeper, type KeptHistory } from './history-keeper.ts';
import { HistoryStore } from './history-store.ts';
import { Leadership } from './leadership.ts';
import { Probe } from './probe.ts';
import { Provisioner, type ProvisioningRules } from './provisioning/provisioner.ts';
import { Reflector, type ReflectorNote } from './reflector.ts';
import { SampleAdvice } from './sample-advice.ts';

export type Counted = Reflected | Written | 'orphan' | 'driver' | 'search' | 'history';
type Reflected = Exclude<ReflectorNote['what'], 'listed' | 'absent'>;

export interface LiveClusterOptions extends Omit<EffectorOptions, 'observe'> {
  readonly schedulerNames: readonly string[];
  /** `namespace/name` of the kube-schedulers' lease; undefined: there is one muster. */
  readonly lease: string | undefined;
  readonly limits: EffectorOptions['limits'] & {
    readonly staleAfterMs: number;
    readonly settleMs: number;
    /** The most members that a gang may need to start. */
    readonly maxGangMembers: number;
    /** How often each Spark driver is polled for its executors' work; 0: never. */
    readonly driverFiguresMs: number;
    /** How pods and nodes come from the API server. */
    readonly apiEncoding: 'protobuf' | 'json';
  };
  /** The history of run times, and the namespace of the ConfigMaps that keep it; absent: it is not kept. */
  readonly history?: { readonly file: KeptHistory; readonly namespace: string };
  /** How the autoscaler is asked for nodes; absent: it is not, and what was asked stays. */
  readonly provisioning?: ProvisioningRules;
  /** Receives the effects of events and of time. */
  readonly onEffects: (effects: readonly Effect[]) => void;
  /** @param label the kind of the object, or the outcome of the write */
  readonly count: (what: Counted, label: string) => void;
}

/** How often muster tries to admit waiting gangs. */
const ADMIT_MS = 250;
const SECOND_MS = 1000;
/** A claimant that the API server does not know in two successive sweeps is gone. */
const SWEEP_MS = 30_000;
const PROBE_MS = 5000;
/** How often muster looks for CRDs that were installed meanwhile. */
const DISCOVER_MS = 4000;
/** Watches are renewed this often, and in this part of `staleAfterMs`: while all is well, nothing is ever stale. */
const WATCH_MS = 20_000;
const WATCH_PART = 2 / 3;

/**
 * Connects the core to a live cluster: feeds it, carries out its effects, and holds admissions while it may be stale.
 */
export class LiveCluster {
  readonly #options: LiveClusterOptions;
  readonly #feed: Feed;
  readonly #effector: Effector;
  readonly #leadership: Leadership;
  readonly #lease: Pick<Reflector<never>, 'run' | 'retryNow' | 'stop'> | undefined;
  readonly #probe: Probe;
  readonly #discovery: Discovery;
  readonly #drivers: DriverFigures;
  readonly #history: HistoryKeeper | undefined;
  /** Asks the autoscaler; undefined: it is not asked. */
  readonly provisioner: Provisioner | undefined;
  readonly #advice = new SampleAdvice();
  readonly #timers: NodeJS.Timeout[] = [];
  /** The next slice of a search for victims. */
  #making: NodeJS.Immediate | undefined;
  #settledMs = Infinity;
  /** Undefined: not known yet. */
  #wasLeading: boolean | undefined;
  #suspects: ReadonlySet<string> = new Set();

  constructor(options: LiveClusterOptions) {
    this.#options = options;
    const { transport, schedulerNames, clock, lease, identity } = options;
    const { nowMs } = clock;
    const onNote = (note: ReflectorNote) => this.#onNote(note);
    const watchMs = Math.min(WATCH_MS, options.limits.staleAfterMs * WATCH_PART);
    this.#feed = new Feed({
      transport,
      schedulerNames,
      limits: options.limits,
      clock,
      watchMs,
      onNote,
      observe: (event) => this.#observe(event),
      onListed: () => this.#restore(),
      onResolved: (pod) => this.#effector.waker.wake(pod),
      onLeader: (uid) => this.#onLeader(uid),
      onPendingMember: (pod) => this.#effector.nominator.onPending(pod),
      onSettled: (uid) => this.#effector.nominator.drop(uid),
      onLeaderGone: (gang) => this.#effector.writer.mark(gang),
    });
    this.#leadership = new Leadership({ lease, identity, nowMs });
    const mirror = this.#leadership.mirror();
    this.#lease = mirror && new Reflector(mirror, { transport, nowMs, onNote, watchMs });
    this.#probe = this.#newProbe();
    this.#discovery = new Discovery(transport, () => [...this.#feed.missing(), ...(this.provisioner?.missing() ?? [])]);
    const observe = (event: ClusterEvent) => this.#observe(event);
    this.#effector = new Effector({ ...options, observe }, this.#feed.leaders, () => this.isLeading);
    this.#drivers = new DriverFigures({
      leaders: this.#feed.leaders,
      membersOf: (gang) => options.scheduler.members(gang),
      observe,
      onPoll: (outcome) => options.count('driver', outcome),
      nowMs,
      everyMs: options.limits.driverFiguresMs,
    });
    this.#history = options.history && this.#newKeeper(options.history);
    this.provisioner = options.provisioning && this.#newProvisioner(options.provisioning, { onNote, watchMs });
  }

  /** The context for reading pods that the API server has not told of yet. */
  get context(): IntakeContext {
    return this.#feed.context;
  }

  /** The pod that kube-scheduler asks about, as the API server has it. */
  readonly identify = (ref: PodRef): Identity | Promise<Identity> => this.#feed.identify(ref);

  get isLeading(): boolean {
    return this.#leadership.isLeading();
  }

  /** Queued and running writes, and reservations that are not written yet. */
  get backlog(): { readonly writes: number; readonly reservations: number } {
    const { queue, writer } = this.#effector;
    return { writes: queue.length, reservations: writer.backlog };
  }

  /** What was written of the history of run times; undefined: it is not kept. */
  get history(): Pick<HistoryKeeper, 'writtenMs' | 'bytes'> | undefined {
    return this.#history;
  }

  /** How old the snapshot may be, in ms: the time since the API server last answered and told what there is. */
  ageMs(): number {
    return Math.max(this.#feed.ageMs(), this.#probe.ageMs());
  }

  /** Whether nodes and pods are being watched. */
  get isWatching(): boolean {
    return this.#feed.isWatching;
  }

  isStale(): boolean {
    return this.#feed.isSynced && this.ageMs() > this.#options.limits.staleAfterMs;
  }

  /** Resolves when the cluster has been read. Runs until `stop`. */
  async start(): Promise<void> {
    this.#holdOrNot();
    void this.#probe.run();
    void this.#lease?.run();
    void this.#history?.load();
    this.provisioner?.start();
    await this.#feed.start();
    if (!this.#feed.isSynced) return;
    this.#settledMs = this.#options.clock.nowMs() + this.#options.limits.settleMs;
    this.#every(SECOND_MS, () => this.#everySecond());
    this.#every(ADMIT_MS, () => this.#admit());
    this.#every(SWEEP_MS, () => this.#sweep());
    this.#every(DISCOVER_MS, () => void this.#discovery.poll());
    if (this.#options.limits.driverFiguresMs > 0)
      this.#every(SECOND_MS, () => void (this.isLeading && this.#drivers.poll()));
    this.#everySecond();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#probe.stop();
    clearImmediate(this.#making);
    this.#feed.stop();
    this.#effector.nominator.stop();
    this.#effector.writer.flushCollected();
    this.#effector.outcomes.stop();
    this.#lease?.stop();
    this.provisioner?.stop();
    await Promise.all([this.#effector.queue.stop(), this.#history?.stop()]);
    this.#options.transport.close();
  }

  /** Call when kube-scheduler asks. If another replica decided until now, its last bindings may still arrive. */
  readonly onAsked = (): void => {
    if (!this.#leadership.asked()) return;
    this.#settledMs = this.#options.clock.nowMs() + this.#options.limits.settleMs;
    this.#options.log('info', {}, 'taking over');
    this.#lead();
    this.#holdOrNot();
  };

  /** Call when the wall clock was set. */
  onClockSet(): void {
    this.#feed.onClockSet();
  }

  /** Carries out the effects of decisions and events. */
  readonly onEffects = (effects: readonly Effect[]): void => this.#effector.onEffects(effects);

  #newProbe(): Probe {
    const { transport, clock, limits, log } = this.#options;
    const onBack = () => {
      this.#feed.retryNow();
      this.#lease?.retryNow();
      this.provisioner?.retryNow();
    };
    const everyMs = Math.min(PROBE_MS, limits.staleAfterMs / 2);
    return new Probe({ transport, nowMs: clock.nowMs, onBack, log, everyMs });
  }

  #newKeeper({ file, namespace }: NonNullable<LiveClusterOptions['history']>): HistoryKeeper {
    const { transport, clock, log, count } = this.#options;
    return new HistoryKeeper({
      store: new HistoryStore(transport, namespace),
      history: file,
      isLeading: () => this.isLeading,
      nowMs: clock.nowMs,
      log,
      count: (what, outcome) => count('history', `${what} ${outcome}`),
    });
  }

  #newProvisioner(
    rules: ProvisioningRules,
    watch: { readonly onNote: (note: ReflectorNote) => void; readonly watchMs: number },
  ): Provisioner {
    const { transport, scheduler, clock, schedulerNames } = this.#options;
    return new Provisioner({
      ...watch,
      rules,
      transport,
      scheduler,
      clock,
      queue: this.#effector.queue,
      schedulerName: schedulerNames[0] ?? 'default-scheduler',
      isLeading: () => this.isLeading,
      isAlive: (uid) => this.#feed.isAlive(uid),
      observe: (event) => this.#observe(event),
    });
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }

  #observe(event: ClusterEvent): void {
    const { scheduler, clock, onEffects } = this.#options;
    const effects = scheduler.observe(event, clock.nowMs());
    if (effects.length > 0) onEffects(effects);
  }

  /** Restores the gangs that run, and lets other work have its turn meanwhile. */
  async #restore(): Promise<void> {
    const { scheduler, clock, onEffects } = this.#options;
    await this.#history?.settled;
    for (const effects of scheduler.synchronize(clock.nowMs)) {
      if (effects.length > 0) onEffects(effects);
      await nextTurn();
    }
  }

  #onLeader(uid: string): void {
    const leader = this.#feed.leaders.get(uid);
    if (leader) this.#effector.writer.flush(leader.gang);
  }

  #everySecond(): void {
    this.#lead();
    // When a hold ends, the gangs that wait have their turn before anything that kube-scheduler asks.
    this.#admit();
    this.#effector.writer.flushAll();
    this.#history?.tick();
    this.provisioner?.poll();
    this.#advise();
  }

  #advise(): void {
    const { lastOffer, memberAsks } = this.#options.scheduler;
    const text = lastOffer && this.#advice.look(lastOffer, memberAsks);
    if (text !== undefined) this.#options.log('info', { ...lastOffer }, text);
  }

  /** Follows the lease. A new leader rewrites every reservation annotation that is out of date. */
  #lead(): void {
    const { scheduler, log, clock, onEffects } = this.#options;
    const isLeading = this.#leadership.isLeading();
    if (isLeading === this.#wasLeading) return;
    // What the other has learned counts, if it wrote it down.
    if (isLeading && this.#wasLeading === false) void this.#history?.load();
    this.#wasLeading = isLeading;
    const effects = scheduler.followOthers(!isLeading, clock.nowMs());
    if (effects.length > 0) onEffects(effects);
    log('info', { isLeading }, isLeading ? 'this replica decides' : 'another replica decides');
    if (isLeading)
      for (const { gang, phase } of scheduler.gangs()) if (phase !== 'waiting') this.#effector.writer.mark(gang);
  }

  #holdOrNot(): void {
    const { scheduler, clock } = this.#options;
    if (this.isStale()) scheduler.hold('muster has lost contact with the API server');
    else if (clock.nowMs() < this.#settledMs) scheduler.hold('muster has just taken over');
    else scheduler.hold(undefined);
  }

  #admit(): void {
    const { scheduler, clock, onEffects } = this.#options;
    this.#holdOrNot();
    if (!this.#leadership.isLeading()) return;
    const effects = scheduler.admitWaiting(clock.nowMs());
    if (effects.length > 0) onEffects(effects);
    if (this.#making === undefined) this.#makeRoom();
    this.#effector.flush();
  }

  /** Searches for victims a slice at a time: between them kube-scheduler is answered and the watch is read. */
  #makeRoom(): void {
    this.#making = undefined;
    if (!this.#leadership.isLeading()) return;
    const { isDone, effects } = this.#searchSlice();
    if (effects.length > 0) this.#options.onEffects(effects);
    if (!isDone) this.#making = setImmediate(() => this.#makeRoom());
  }

  /** A search that fails ends its round. What kube-scheduler asks and what runs does not depend on it. */
  #searchSlice(): ReturnType<Scheduler['makeRoomSlice']> {
    const { scheduler, clock, log, count } = this.#options;
    try {
      return scheduler.makeRoomSlice(clock.nowMs());
    } catch (err) {
      count('search', '');
      log('error', { err }, 'a search for victims failed');
      return { isDone: true, effects: [] };
    }
  }

  /** Releases the claims of unknown pods: kube-scheduler may ask about a pod after its deletion was observed. */
  #sweep(): void {
    if (this.isStale() || !this.#feed.isWatching) return;
    const unknown = this.#options.scheduler.claimants().filter((uid) => !this.#feed.isAlive(uid));
    for (const uid of unknown) {
      if (!this.#suspects.has(uid)) continue;
      this.#options.count('orphan', '');
      this.#observe({ kind: 'pod-gone', uid });
    }
    this.#suspects = new Set(unknown);
  }

  #onNote({ kind, what, detail }: ReflectorNote): void {
    const { log, count } = this.#options;
    if (what === 'listed' || what === 'absent') log('info', { kind, detail }, what);
    else {
      count(what, kind);
      if (what === 'skipped') log('warn', { kind, detail }, 'skipped an object that cannot be read');
      else if (what === 'failed') log('warn', { kind, detail }, 'a list or watch failed; retrying');
      // Watches are renewed all the time: `reconnect` is counted alone.
      else if (what === 'relist') log('info', { kind, detail }, what);
      else if (what === 'unencoded')
        log('warn', { kind, detail }, 'protobuf that cannot be read; using JSON from now on');
    }
  }
}
