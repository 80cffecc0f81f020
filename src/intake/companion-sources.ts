import type { CompanionKind, CompanionRecords } from './companions.ts';
import type { Json } from './field.ts';

/** What one object of the API tells: a record of each kind that it has something of. */
export type CompanionsRead = { readonly [K in CompanionKind]?: CompanionRecords[K] };

/** A collection of the API in which gangs are declared. */
export interface CompanionSource {
  /** For logs and metrics. */
  readonly name: string;
  /** Of the collection in all namespaces. */
  readonly path: string;
  readonly kinds: readonly CompanionKind[];
  readonly read: (object: Json) => CompanionsRead;
}

/** A new one: one entry here, a record in companions.ts, a rule in deploy/base/rbac.yaml. */
export const COMPANION_SOURCES: readonly CompanionSource[] = [];
