/** What a limit limits, in the order in which it is told. */
export const LIMIT_KINDS = [
  'pod size',
  'max',
  'user',
  'user gangs',
  'running gangs',
  'running pods',
  'pods of the namespace',
  'pods of the group',
  'addresses',
] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];
