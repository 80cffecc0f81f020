import type { Quota, QueueSpec, Tenancy } from '../core/policy/tenancy.ts';
import { duplicates, type Finding } from './finding.ts';
import { amountText, percentText } from './amount-text.ts';
import { queueAt } from './queue-of-path.ts';

type Path = readonly PropertyKey[];

/** What is wrong with queues by themselves, with those below them, and with what `reclaim.from` names. */
export function queueFindings({ queues }: Tenancy): readonly Finding[] {
  const top = queues.flatMap(({ name }, i): Finding[] => {
    if (name !== 'root') return [];
    const message = 'root is the whole cluster: put its queues here';
    return [{ kind: 'mistake', path: ['queues', i, 'name'], message, input: name }];
  });
  return [...top, ...sumOverCluster(queues), ...below(queues, ['queues'], queues)];
}

function below(queues: readonly QueueSpec[], path: Path, top: readonly QueueSpec[]): Finding[] {
  const names = queues.map(({ name }) => name);
  const own = queues.flatMap((queue, i) => of(queue, [...path, i], top));
  return [...duplicates(names, path, ['name', 'the queues beside it']), ...own];
}

function of(queue: QueueSpec, path: Path, top: readonly QueueSpec[]): Finding[] {
  return [
    ...guaranteeFindings(queue, path),
    ...podSizeFindings(queue, path),
    ...userFindings(queue, path),
    ...unknownVictims(queue, path, top),
    ...tinyMemory(queue, path),
    ...sumOverParent(queue, path),
    ...below(queue.queues, [...path, 'queues'], top),
    ...(queue.each ? of(queue.each, [...path, 'each'], top) : []),
  ];
}

function guaranteeFindings({ guaranteed, max, lend }: QueueSpec, path: Path): Finding[] {
  const over = beyond(guaranteed, max).map(([name, own, most]): Finding => {
    const message = `must be at most max.${name}, which is ${most}`;
    return { kind: 'mistake', path: [...path, 'guaranteed', name], message, input: own };
  });
  const lent = (lend ? beyond(lend, guaranteed) : []).map(([name, own, most]): Finding => {
    const message = `should be at most guaranteed.${name}, which is ${most}`;
    return { kind: 'warning', path: [...path, 'lend', name], message, input: own };
  });
  const pods = guaranteed.amounts.get('pods') ?? guaranteed.shares.get('pods');
  if (pods === undefined) return [...over, ...lent];
  const message = 'has an effect only if fairness.resources names pods';
  return [...over, ...lent, { kind: 'warning', path: [...path, 'guaranteed', 'pods'], message, input: pods }];
}

function podSizeFindings({ podSize, max }: QueueSpec, path: Path): Finding[] {
  return beyond({ amounts: podSize, shares: new Map() }, max).map(([name, own, most]) => {
    const message = `must be at least podSize.${name}, which is ${own}: a pod of that size never starts`;
    return { kind: 'mistake', path: [...path, 'max', name], message, input: most };
  });
}

function userFindings({ users, max }: QueueSpec, path: Path): Finding[] {
  const found = (limit: Quota, at: Path) =>
    beyond(limit, max).map(([name, own, most]): Finding => {
      const message = `has no effect above max.${name} of the queue, which is ${most}`;
      return { kind: 'warning', path: [...at, name], message, input: own };
    });
  const single = [...users.of].flatMap(([user, limit]) => found(limit.max, [...path, 'users', 'of', user, 'max']));
  return [...found(users.max, [...path, 'users', 'max']), ...single];
}

function unknownVictims({ reclaim }: QueueSpec, path: Path, top: readonly QueueSpec[]): Finding[] {
  return (reclaim?.from ?? []).flatMap((name, i): Finding[] => {
    if (queueAt(top, name).isKnown) return [];
    return [{ kind: 'mistake', path: [...path, 'reclaim', 'from', i], message: 'there is no such queue', input: name }];
  });
}

const MIB = 2 ** 20;

/** Whoever writes `memory: 64` means GiB. */
function tinyMemory({ guaranteed, max, podSize }: QueueSpec, path: Path): Finding[] {
  const fields = { guaranteed: guaranteed.amounts, max: max.amounts, podSize };
  return Object.entries(fields).flatMap(([field, amounts]): Finding[] => {
    const input = amounts.get('memory') ?? 0;
    if (input === 0 || input >= MIB) return [];
    const message = `is in bytes and less than 1Mi (did you mean ${input}Gi?)`;
    return [{ kind: 'warning', path: [...path, field, 'memory'], message, input }];
  });
}

/** A queue is guaranteed at least what those below it are together. */
function sumOverParent({ guaranteed, max, queues }: QueueSpec, path: Path): Finding[] {
  const sum = sumOf(queues);
  const warnings = (limit: Quota, field: string, then: string) =>
    beyond(sum, limit).map(([name, all, most, times]): Finding => {
      const message = `the queues below it are guaranteed ${all}, ${Math.round(times * 100)}% of it: ${then}`;
      return { kind: 'warning', path: [...path, field, name], message, input: most };
    });
  return [
    ...warnings(guaranteed, 'guaranteed', 'their sum counts'),
    ...warnings(max, 'max', 'they cannot all have it at once'),
  ];
}

function sumOverCluster(queues: readonly QueueSpec[]): Finding[] {
  return [...sumOf(queues).shares].flatMap(([name, part]): Finding[] => {
    if (part <= 1 + 1e-9) return [];
    const message = `queues are guaranteed ${percentText(part)} of ${name === '*' ? 'the cluster' : name} in all: when all need it, each gets ${Math.round(100 / part)}% of its guarantee`;
    return [{ kind: 'warning', path: ['queues'], message, input: percentText(part) }];
  });
}

/** What they are guaranteed together, where the file says it in one way. */
function sumOf(queues: readonly QueueSpec[]): Quota {
  const amounts = new Map<string, number>();
  const shares = new Map<string, number>();
  for (const { guaranteed } of queues) {
    for (const [name, amount] of guaranteed.amounts) amounts.set(name, (amounts.get(name) ?? 0) + amount);
    for (const [name, part] of guaranteed.shares) shares.set(name, (shares.get(name) ?? 0) + part);
  }
  return { amounts, shares };
}

/** Resources of which the first names more than the second, both as amounts or both as parts: name, both, and how many times. */
function beyond(one: Quota, most: Quota): readonly (readonly [string, string | number, string | number, number])[] {
  const amounts = [...one.amounts].flatMap(([name, own]) => {
    const limit = most.amounts.get(name) ?? Infinity;
    return own > limit ? [[name, amountText(name, own), amountText(name, limit), own / limit] as const] : [];
  });
  const shares = [...one.shares].flatMap(([name, own]) => {
    const limit = most.shares.get(name) ?? Infinity;
    return own > limit + 1e-9 ? [[name, percentText(own), percentText(limit), own / limit] as const] : [];
  });
  return [...amounts, ...shares];
}
