import { asObject, objectAt, textAt, type Json } from '../intake/field.ts';
import { aboutPart, join, partName, split, type HistoryPart } from './history-parts.ts';
import { ApiError, type Transport } from './transport.ts';

const MERGE_PATCH = 'application/merge-patch+json';
/** Nothing waits longer for the history: a start goes on without it. */
const TIMEOUT_MS = 3000;

/**
 * Keeps the history file in ConfigMaps: muster-history and, where it is large, muster-history-1 to -3. The first is
 * written first, and only if it is still what this store read or wrote last, so that of two writers one is told. The
 * number of the writing stands in all of them: where a crash left parts of two, `read` notices.
 */
export class HistoryStore {
  readonly #transport: Transport;
  readonly #path: string;
  /** The resourceVersion of the first ConfigMap; undefined: it did not exist. */
  #version: string | undefined;
  #generation = 0;

  constructor(transport: Transport, namespace: string) {
    this.#transport = transport;
    this.#path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
  }

  /**
   * @returns the history file, undefined if there is none; `unchanged`: it is what this store read or wrote last
   * @throws BrokenHistory if it cannot be put together; ApiError or a system error if it cannot be read
   */
  async read(): Promise<{ readonly text: string | undefined } | 'unchanged'> {
    const first = await this.#get(0);
    const version = first && versionOf(first);
    if (version !== undefined && version === this.#version) return 'unchanged';
    // Whatever it holds: the next writing replaces it.
    this.#version = version;
    const about = aboutPart(first);
    this.#generation = about?.generation ?? this.#generation;
    const more = Array.from({ length: Math.max(0, (about?.of ?? 0) - 1) }, (_, i) => this.#get(i + 1));
    return { text: await join([first, ...(await Promise.all(more))]) };
  }

  /**
   * @returns how many bytes were written
   * @throws ApiError 409 if another hand has written since the last `read` or `write`; else as `read`
   */
  async write(text: string): Promise<number> {
    const parts = await split(text, this.#generation + 1);
    let bytes = 0;
    for (const [index, part] of parts.entries()) {
      const written = await this.#put(index, part);
      if (index === 0) [this.#version, this.#generation] = [versionOf(written), this.#generation + 1];
      bytes += JSON.stringify(part).length;
    }
    return bytes;
  }

  async #put(index: number, part: HistoryPart): Promise<Json> {
    if (index === 0 && this.#version === undefined) return this.#create(index, part);
    const metadata = index === 0 ? { metadata: { resourceVersion: this.#version } } : {};
    const request = { method: 'PATCH', body: { ...metadata, ...part }, contentType: MERGE_PATCH } as const;
    try {
      return await this.#send({ ...request, path: `${this.#path}/${partName(index)}` });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#create(index, part);
      throw error;
    }
  }

  #create(index: number, part: HistoryPart): Promise<Json> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: partName(index) }, ...part };
    return this.#send({ method: 'POST', path: this.#path, body });
  }

  async #get(index: number): Promise<Json | undefined> {
    try {
      return await this.#send({ method: 'GET', path: `${this.#path}/${partName(index)}` });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #send(request: Parameters<Transport['request']>[0]): Promise<Json> {
    return asObject(await this.#transport.request({ ...request, timeoutMs: TIMEOUT_MS }), 'ConfigMap');
  }
}

const versionOf = (configMap: Json) =>
  textAt(objectAt(configMap, 'metadata', 'ConfigMap') ?? {}, 'resourceVersion', 'ConfigMap.metadata');
