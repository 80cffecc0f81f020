import type { QueueRule, Tenancy } from '../core/policy/tenancy.ts';
import { segmentsOf } from '../core/queue/template.ts';
import { duplicates, type Finding } from './finding.ts';
import { oddName, queueAt } from './queue-of-path.ts';
import { MAX_DEPTH } from './queue-nesting.ts';
import { nearestOf } from '../core/nearest.ts';

/** What is wrong with the rules that put pods into queues. */
export function ruleFindings(tenancy: Tenancy): readonly Finding[] {
  const { rules, groups } = tenancy;
  const names = groups.map(({ name }) => name);
  return [
    ...duplicates(names, ['namespaceGroups'], ['name', 'the groups']),
    ...rules.flatMap((rule, i) => [
      ...unknownGroups(rule, i, names),
      ...wrongQueue(rule, i, tenancy),
      ...unreachable(rule, i, tenancy),
    ]),
  ];
}

function unknownGroups({ groups }: QueueRule, i: number, known: readonly string[]): Finding[] {
  return groups.flatMap((name, j): Finding[] => {
    if (known.includes(name)) return [];
    const near = nearestOf(name, known);
    const message = `there is no such group in namespaceGroups${near === undefined ? '' : ` (did you mean ${near}?)`}`;
    return [{ kind: 'mistake', path: ['queueRules', i, 'groups', j], message, input: name }];
  });
}

function wrongQueue({ queue }: QueueRule, i: number, { queues }: Tenancy): Finding[] {
  const message = queueMistake(queue, queues);
  return message === undefined ? [] : [{ kind: 'mistake', path: ['queueRules', i, 'queue'], message, input: queue }];
}

function queueMistake(path: string, queues: Tenancy['queues']): string | undefined {
  const odd = oddName(path);
  if (odd !== undefined) return `${odd} is no name of a queue; expected a path with {namespace}, {user} or {label:KEY}`;
  if (segmentsOf(path).length > MAX_DEPTH) return `must have at most ${MAX_DEPTH} levels`;
  // Without queues every name is a queue.
  if (queues.length === 0) return undefined;
  const { isKnown, first } = queueAt(queues, path);
  if (!isKnown) return 'there is no such queue';
  return first === undefined ? undefined : `has queues below it: name one of them, such as ${path}.${first}`;
}

function unreachable(rule: QueueRule, i: number, { rules, queues }: Tenancy): Finding[] {
  // Pods of namespaces that may not use its queue pass a rule by.
  const before = rules.slice(0, i).findIndex((other) => covers(other, rule) && queueAt(queues, other.queue).isOpen);
  if (before === -1) return [];
  const message = `is never reached: queueRules[${before}] comes first and holds wherever this one does`;
  return [{ kind: 'warning', path: ['queueRules', i], message, input: rule.queue }];
}

/** Whether the first rule holds wherever the second does. */
function covers(one: QueueRule, other: QueueRule): boolean {
  for (const key of ['namespaces', 'groups', 'users', 'dialects'] as const)
    if (!coversAll(one[key], other[key])) return false;
  return [...one.labels].every(([key, value]) => coversAll([value], [other.labels.get(key) ?? '*']));
}

/** An empty list stands for everything. */
function coversAll(patterns: readonly string[], others: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  return others.length > 0 && others.every((other) => patterns.some((pattern) => coversPattern(pattern, other)));
}

/** Every text that the second matches, the first does: `*` in the second is a letter like others, which only `*` covers. */
function coversPattern(pattern: string, other: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === other;
  const [head, tail] = [parts[0]!, parts.at(-1)!];
  if (!other.startsWith(head) || !other.endsWith(tail) || other.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = other.indexOf(part, at);
    if (found === -1 || found + part.length > other.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
}
