import type { QueueSpec } from '../core/policy/tenancy.ts';
import { segmentsOf } from '../core/queue/template.ts';

const TEMPLATE = /^[-a-z0-9]*(\{(namespace|user|label:[^{}]+)\}[-a-z0-9]*)+$/;

interface Found {
  /** It stands in the file, or is made below one that does. */
  readonly isKnown: boolean;
  /** It has queues below it, so that no gang can be in it. */
  readonly first?: string;
  /** Every namespace may use it. */
  readonly isOpen: boolean;
}

/** The queue of a path; names in it may be `{namespace}`, `{user}` or `{label:KEY}`. */
export function queueAt(top: readonly QueueSpec[], path: string): Found {
  const names = segmentsOf(path);
  let at: Pick<QueueSpec, 'queues' | 'each'> | undefined = { queues: top, each: undefined };
  let isOpen = true;
  let isMade = false;
  for (const [i, name] of names.entries()) {
    const next: QueueSpec | undefined = at?.queues.find((queue) => queue.name === name);
    // 'default' is the leaf of those that name nothing else; it is made where it is not.
    isMade ||= !next && (TEMPLATE.test(name) || (name === 'default' && i === names.length - 1));
    if (!next && !isMade) return { isKnown: false, isOpen };
    const spec: QueueSpec | undefined = next ?? at?.each;
    isOpen &&= spec === undefined || spec.namespaces.length === 0;
    at = spec;
  }
  const first = at?.queues[0]?.name ?? (at?.each ? '{namespace}' : undefined);
  return { isKnown: names.length > 0, isOpen, ...(first === undefined ? {} : { first }) };
}

/** A name that is neither a DNS label nor a template; undefined: all are. */
export const oddName = (path: string): string | undefined =>
  segmentsOf(path).find((name) => !TEMPLATE.test(name) && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
