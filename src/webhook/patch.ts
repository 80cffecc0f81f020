/** An operation of a JSON patch (RFC 6902) on a Pod. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}
