import {
  gangObjectKey,
  type GangObjectKind,
  type GangObjectRecords,
  type GangObjects,
} from '../intake/gang-objects.ts';

/** The cluster's current gang objects. */
export class GangObjectStore implements GangObjects {
  readonly #records = new Map<string, GangObjectRecords[GangObjectKind]>();

  get size(): number {
    return this.#records.size;
  }

  get<K extends GangObjectKind>(kind: K, namespace: string, name: string): GangObjectRecords[K] | undefined {
    return this.#records.get(gangObjectKey(kind, namespace, name)) as GangObjectRecords[K] | undefined;
  }

  put<K extends GangObjectKind>(kind: K, { namespace, name }: Place, record: GangObjectRecords[K] | undefined): void {
    const key = gangObjectKey(kind, namespace, name);
    if (record === undefined) this.#records.delete(key);
    else this.#records.set(key, record);
  }
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}
