import { asObject, objectAt, objectsAt, textAt } from '../intake/field.ts';
import type { Transport } from './transport.ts';

/** A collection that the server may come to have. */
interface Missing {
  /** Such as `/apis/jobset.x-k8s.io/v1alpha2/jobsets`. */
  readonly path: string;
  retryNow(): void;
}

/** All groups, versions and resources in one document with an ETag (1.30; beta in 1.27); older servers: the groups. */
const ACCEPT = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/**
 * Notices CRDs that are installed while muster runs. An unchanged list of what the server has costs an empty answer
 * (304), and every authenticated client may read it.
 */
export class Discovery {
  readonly #transport: Pick<Transport, 'requestChanged'>;
  readonly #missing: () => readonly Missing[];
  #etag = '';
  /** Paths of collections; of older servers `/apis/GROUP/VERSION/`. */
  #served: ReadonlySet<string> = new Set();
  #isAsking = false;

  /** @param missing the collections that the server did not have when it was last asked for them */
  constructor(transport: Pick<Transport, 'requestChanged'>, missing: () => readonly Missing[]) {
    this.#transport = transport;
    this.#missing = missing;
  }

  /** Tries the missing collections again that the server has now; call every few seconds. */
  async poll(): Promise<void> {
    if (this.#isAsking || this.#missing().length === 0) return;
    this.#isAsking = true;
    try {
      const changed = await this.#transport.requestChanged('/apis', ACCEPT, this.#etag);
      if (changed) {
        this.#etag = changed.etag;
        this.#served = servedIn(changed.body);
      }
      for (const one of this.#missing()) if (this.#isServed(one.path)) one.retryNow();
    } catch {
      // The server is away or too old; the collection is asked for again now and then anyway.
    } finally {
      this.#isAsking = false;
    }
  }

  #isServed(path: string): boolean {
    return this.#served.has(path) || this.#served.has(path.slice(0, path.lastIndexOf('/') + 1));
  }
}

function servedIn(body: unknown): ReadonlySet<string> {
  const document = asObject(body, 'discovery');
  const paths = new Set<string>();
  for (const group of objectsAt(document, 'items', 'discovery')) {
    const name = textAt(objectAt(group, 'metadata', 'group') ?? {}, 'name', 'group') ?? '';
    for (const version of objectsAt(group, 'versions', 'group'))
      for (const one of objectsAt(version, 'resources', 'version'))
        paths.add(`/apis/${name}/${textAt(version, 'version', 'version')}/${textAt(one, 'resource', 'resource')}`);
  }
  for (const group of objectsAt(document, 'groups', 'discovery'))
    for (const version of objectsAt(group, 'versions', 'group'))
      paths.add(`/apis/${textAt(version, 'groupVersion', 'version')}/`);
  return paths;
}
