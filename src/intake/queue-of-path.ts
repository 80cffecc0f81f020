import type { QueueSpec } from '../core/policy/tenancy.ts';

const TEMPLATE = /^\{(namespace|user|label:[^{}]+)\}$/;

interface Found {
  /** It stands in the file, or is made below one that does. */
  readonly isKnown: boolean;
  /** It has queues below it, so that no gang can be in it. */
  readonly first?: string;
}

/** The queue of a path; names in it may be `{namespace}`, `{user}` or `{label:KEY}`. */
export function queueAt(top: readonly QueueSpec[], path: string): Found {
  const names = namesOf(path);
  let at: Pick<QueueSpec, 'queues' | 'each'> | undefined = { queues: top, each: undefined };
  let isMade = false;
  for (const [i, name] of names.entries()) {
    const next: QueueSpec | undefined = at?.queues.find((queue) => queue.name === name);
    // 'default' is the leaf of those that name nothing else; it is made where it is not.
    isMade ||= !next && (TEMPLATE.test(name) || (name === 'default' && i === names.length - 1));
    if (!next && !isMade) return { isKnown: false };
    at = next ?? at?.each;
  }
  const first = at?.queues[0]?.name ?? (at?.each ? '{namespace}' : undefined);
  return { isKnown: names.length > 0, ...(first === undefined ? {} : { first }) };
}

/** `root.prod.etl` -> prod, etl; dots in braces are part of a label's key. */
export function namesOf(path: string): readonly string[] {
  const names = path.match(/(\{[^{}]*\}|[^.])+/g) ?? [];
  return names[0] === 'root' ? names.slice(1) : names;
}

/** A name that is neither a DNS label nor a template; undefined: all are. */
export const oddName = (path: string): string | undefined =>
  namesOf(path).find((name) => !TEMPLATE.test(name) && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
