import { companionKey, type CompanionKind, type CompanionRecords, type Companions } from '../intake/companions.ts';

/** The companion objects that the cluster has now. */
export class CompanionStore implements Companions {
  readonly #records = new Map<string, CompanionRecords[CompanionKind]>();

  get size(): number {
    return this.#records.size;
  }

  get<K extends CompanionKind>(kind: K, namespace: string, name: string): CompanionRecords[K] | undefined {
    return this.#records.get(companionKey(kind, namespace, name)) as CompanionRecords[K] | undefined;
  }

  put<K extends CompanionKind>(kind: K, { namespace, name }: Place, record: CompanionRecords[K] | undefined): void {
    const key = companionKey(kind, namespace, name);
    if (record === undefined) this.#records.delete(key);
    else this.#records.set(key, record);
  }
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}
