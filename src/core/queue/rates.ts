import { matchesAny, matchesPattern } from '../policy/patterns.ts';
import type { Rate, Rates as RateRules } from '../policy/tenancy.ts';
import { Bucket } from './bucket.ts';

/** Pods that come at once. */
export interface Arrival {
  readonly namespace: string;
  readonly pods: number;
  /** The image of each pull that is expected. */
  readonly pulls: Iterable<string>;
}

/** What somebody waits for. */
export type RateKind = 'cluster' | 'namespace' | 'registry';
export interface RateWait {
  readonly kind: RateKind;
  /** The namespace, or the registry; '' for the cluster. */
  readonly name: string;
  /** The bucket, as in BucketView. */
  readonly bucket: string;
  /** When the bucket is open again, in ms. */
  readonly untilMs: number;
}

/** A bucket as people see it. */
export interface BucketView {
  /** `cluster`, `namespaces` or `registry PATTERN`. */
  readonly name: string;
  /** Of namespaces, those of the one that has the fewest. */
  readonly tokens: number;
  /** How many gangs have begun to wait for it. */
  readonly waits: number;
}

/** Images whose bucket is kept: tenants may name as many as they like. */
const KNOWN_IMAGES = 1000;

interface Taken {
  readonly bucket: Bucket;
  readonly tokens: number;
}

interface Registry {
  readonly match: string;
  readonly bucket: Bucket;
}

/**
 * How fast gangs are admitted: the token buckets of the cluster, of namespaces and of registries. They begin full, also
 * after a restart. Costs nothing where no rate is set.
 */
export class Rates {
  #rules: RateRules;
  #cluster: Bucket | undefined;
  /** Those that are not full. */
  readonly #namespaces = new Map<string, Bucket>();
  #registries: readonly Registry[];
  /** What the rules say of images that were looked at lately. */
  readonly #bucketOfImage = new Map<string, Bucket | undefined>();
  /** What each admitted gang took. */
  readonly #taken = new Map<string, readonly Taken[]>();
  readonly #waits = new Map<string, number>();
  #dueMs = Infinity;

  constructor(rules: RateRules) {
    this.#rules = rules;
    this.#cluster = rules.pods && new Bucket(rules.pods);
    this.#registries = rules.registries.map((rule) => ({ match: rule.match, bucket: new Bucket(rule) }));
  }

  /** Whether there is a rate at all. */
  get isOn(): boolean {
    const { pods, namespaces, registries } = this.#rules;
    return pods !== undefined || namespaces !== undefined || registries.length > 0;
  }

  /** Whether pulls are counted. */
  get hasRegistries(): boolean {
    return this.#registries.length > 0;
  }

  /** When the first of the buckets opens for which a gang waits, in ms; Infinity: no gang waits. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** A gang is to be tried again then, in ms. */
  tryAgain(atMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, atMs);
  }

  /** Those that wait are tried now. */
  tryingAll(): void {
    this.#dueMs = Infinity;
  }

  /** How many namespaces have a bucket that is not full. */
  get size(): number {
    return this.#namespaces.size;
  }

  /** New rules: a bucket that stays keeps its level. */
  setRules(rules: RateRules, nowMs: number): void {
    const { pods, namespaces } = rules;
    this.#cluster = pods && changed(this.#cluster, pods, nowMs);
    for (const [name, bucket] of this.#namespaces) {
      if (namespaces && matchesAny(namespaces.match, name)) bucket.change(namespaces, nowMs);
      else this.#namespaces.delete(name);
    }
    const known = new Map(this.#registries.map(({ match, bucket }) => [match, bucket]));
    this.#registries = rules.registries.map((rule) => ({
      match: rule.match,
      bucket: changed(known.get(rule.match), rule, nowMs),
    }));
    this.#bucketOfImage.clear();
    this.#rules = rules;
  }

  /** For what a gang of the namespace waits that runs these images: for the bucket that opens last; undefined: nothing. */
  waitOf(namespace: string, images: readonly string[], nowMs: number): RateWait | undefined {
    let last: RateWait | undefined;
    const look = (bucket: Bucket | undefined, kind: RateKind, name: string) => {
      if (!bucket || bucket.isOpen(nowMs)) return;
      const untilMs = bucket.opensMs(nowMs);
      if (!last || untilMs > last.untilMs) last = { kind, name, bucket: this.#viewName(kind, name), untilMs };
    };
    look(this.#cluster, 'cluster', '');
    look(this.#namespaces.get(namespace), 'namespace', namespace);
    if (this.#registries.length > 0)
      for (const image of images) {
        const bucket = this.#bucketFor(image);
        if (bucket && !bucket.isOpen(nowMs)) look(bucket, 'registry', registryOf(image));
      }
    return last;
  }

  /** A gang waits for this bucket from now on. */
  noteWait({ bucket }: RateWait): void {
    this.#waits.set(bucket, (this.#waits.get(bucket) ?? 0) + 1);
  }

  /** Takes the tokens of pods that come, however few there are. @param gang to whom they may be given back */
  take({ namespace, pods, pulls }: Arrival, nowMs: number, gang?: string): void {
    const taken: Taken[] = [];
    const from = (bucket: Bucket | undefined, tokens: number) => {
      if (!bucket || tokens === 0) return;
      bucket.take(tokens, nowMs);
      taken.push({ bucket, tokens });
    };
    from(this.#cluster, pods);
    from(this.#namespaceBucket(namespace), pods);
    if (this.hasRegistries) for (const image of pulls) from(this.#bucketFor(image), 1);
    if (gang !== undefined && taken.length > 0) this.#taken.set(gang, taken);
  }

  /** The gang started no pod: what it took is there again. */
  giveBack(gang: string): void {
    for (const { bucket, tokens } of this.#taken.get(gang) ?? []) bucket.giveBack(tokens);
    this.forget(gang);
  }

  /** What the gang took stays taken. */
  forget(gang: string): void {
    this.#taken.delete(gang);
  }

  /** Forgets full buckets. */
  expire(nowMs: number): void {
    for (const [name, bucket] of this.#namespaces) if (bucket.isFull(nowMs)) this.#namespaces.delete(name);
  }

  /** All buckets, for people. */
  views(nowMs: number): readonly BucketView[] {
    const { namespaces } = this.#rules;
    const out: Omit<BucketView, 'waits'>[] = [];
    if (this.#cluster) out.push({ name: 'cluster', tokens: this.#cluster.level(nowMs) });
    if (namespaces) {
      const levels = [...this.#namespaces.values()].map((bucket) => bucket.level(nowMs));
      out.push({ name: 'namespaces', tokens: Math.min(namespaces.burst, ...levels) });
    }
    for (const { match, bucket } of this.#registries)
      out.push({ name: `registry ${match}`, tokens: bucket.level(nowMs) });
    return out.map((view) => ({ ...view, waits: this.#waits.get(view.name) ?? 0 }));
  }

  #namespaceBucket(name: string): Bucket | undefined {
    const known = this.#namespaces.get(name);
    const { namespaces } = this.#rules;
    if (known || !namespaces || !matchesAny(namespaces.match, name)) return known;
    const bucket = new Bucket(namespaces);
    this.#namespaces.set(name, bucket);
    return bucket;
  }

  #registry(name: string): Registry | undefined {
    return this.#registries.find(({ match }) => matchesPattern(match, name));
  }

  #bucketFor(image: string): Bucket | undefined {
    const known = this.#bucketOfImage.get(image);
    if (known !== undefined || this.#bucketOfImage.has(image)) return known;
    if (this.#bucketOfImage.size === KNOWN_IMAGES) this.#bucketOfImage.clear();
    const bucket = this.#registry(registryOf(image))?.bucket;
    this.#bucketOfImage.set(image, bucket);
    return bucket;
  }

  #viewName(kind: RateKind, name: string): string {
    if (kind === 'cluster') return 'cluster';
    return kind === 'namespace' ? 'namespaces' : `registry ${this.#registry(name)?.match ?? name}`;
  }
}

const changed = (bucket: Bucket | undefined, rate: Rate, nowMs: number): Bucket => {
  if (!bucket) return new Bucket(rate);
  bucket.change(rate, nowMs);
  return bucket;
};

/**
 * The registry of an image's name: what is before the first `/` if it is a host, else Docker's (splitDockerDomain,
 * distribution/reference/normalize.go).
 */
export function registryOf(image: string): string {
  const host = image.slice(0, Math.max(0, image.indexOf('/')));
  return /[.:]/.test(host) || host === 'localhost' ? host : 'docker.io';
}
