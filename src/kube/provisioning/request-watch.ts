import type { RoomRequest } from '../../core/model.ts';
import { nameAt, objectAt, type Json } from '../../intake/field.ts';
import { Reflector, type Mirror, type ReflectorOptions } from '../reflector.ts';
import { GROUP, LABEL, podSetCount, readRequest, VERSIONS, type ApiVersion } from './request-object.ts';

/** A request as the API server has it. */
export interface SeenRequest {
  readonly request: RoomRequest;
  /** How many pod templates it has. */
  readonly templates: number;
}

export interface RequestWatchOptions extends ReflectorOptions {
  readonly fromWall: (ms: number) => number;
  readonly onPut: (seen: SeenRequest) => void;
  readonly onGone: (seen: SeenRequest) => void;
}

/**
 * Mirrors muster's ProvisioningRequests in the newest version of the API that the server has. There is none where no
 * CRD is installed; one that is installed later is found.
 */
export class RequestWatch {
  readonly #options: RequestWatchOptions;
  readonly #reflectors = new Map<ApiVersion, Reflector<SeenRequest>>();
  readonly #listed = new Set<ApiVersion>();
  /** By version and key: a request that is seen in two versions is gone when it is gone in the one that counts. */
  readonly #seen = new Map<string, SeenRequest>();
  #isStopped = false;

  constructor(options: RequestWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watch(VERSIONS[0]);
  }

  stop(): void {
    this.#isStopped = true;
    for (const reflector of this.#reflectors.values()) reflector.stop();
  }

  retryNow(): void {
    for (const reflector of this.#reflectors.values()) reflector.retryNow();
  }

  /** The version in which requests are written; undefined: the server has none, or none was listed yet. */
  get version(): ApiVersion | undefined {
    return VERSIONS.find((version) => this.#listed.has(version));
  }

  /** The collections that the server may come to have. */
  missing(): readonly { readonly path: string; retryNow(): void }[] {
    return [...this.#reflectors]
      .filter(([, { isMissing }]) => isMissing)
      .map(([version, reflector]) => ({ path: pathOf(version), retryNow: () => reflector.retryNow() }));
  }

  #watch(version: ApiVersion): void {
    if (this.#isStopped || this.#reflectors.has(version)) return;
    const reflector = new Reflector(this.#mirror(version), this.#options);
    this.#reflectors.set(version, reflector);
    void reflector.run();
  }

  #mirror(version: ApiVersion): Mirror<SeenRequest> {
    return {
      kind: 'provisioningrequests',
      path: `${pathOf(version)}?labelSelector=${encodeURIComponent(LABEL)}`,
      isOptional: true,
      keyOf,
      project: (object) => ({
        request: readRequest(object, this.#options.fromWall),
        templates: podSetCount(object),
      }),
      onPut: (key, seen) => this.#put(`${version} ${key}`, version, seen),
      onGone: (key) => this.#gone(`${version} ${key}`, version),
      onListed: (isPresent) => this.#onListed(version, isPresent),
    };
  }

  #onListed(version: ApiVersion, isPresent: boolean): void {
    if (isPresent) this.#listed.add(version);
    else this.#listed.delete(version);
    const older = VERSIONS[VERSIONS.indexOf(version) + 1];
    if (!isPresent && older) this.#watch(older);
  }

  #counts(version: ApiVersion): boolean {
    return this.version === undefined || this.version === version;
  }

  #put(key: string, version: ApiVersion, seen: SeenRequest): void {
    this.#seen.set(key, seen);
    if (this.#counts(version)) this.#options.onPut(seen);
  }

  #gone(key: string, version: ApiVersion): void {
    const seen = this.#seen.get(key);
    this.#seen.delete(key);
    if (seen && this.#counts(version)) this.#options.onGone(seen);
  }
}

const pathOf = (version: ApiVersion) => `/apis/${GROUP}/${version}/provisioningrequests`;

function keyOf(object: Json): string {
  const metadata = objectAt(object, 'metadata', 'ProvisioningRequest') ?? {};
  const where = 'ProvisioningRequest.metadata';
  return `${nameAt(metadata, 'namespace', where)}/${nameAt(metadata, 'name', where)}`;
}
