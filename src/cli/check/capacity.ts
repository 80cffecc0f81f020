import { amount } from '../../core/explanation/amounts.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { QueueSpec } from '../../core/policy/tenancy.ts';
import { amountOf } from '../../core/queue/quotas.ts';
import type { Resources } from '../../core/resources.ts';

/** What the nodes can hold; of a cordoned node nothing counts. */
export function capacityOf(nodes: readonly NodeInfo[]): Resources {
  const out = new Map<string, number>();
  for (const { allocatable, unschedulable } of nodes)
    for (const [name, value] of unschedulable ? [] : allocatable) out.set(name, (out.get(name) ?? 0) + value);
  return out;
}

/** Where guarantees are more than the cluster has, and where a queue is guaranteed more than its max. */
export function capacityLines(queues: readonly QueueSpec[], capacity: Resources): readonly string[] {
  const names = new Set([...capacity.keys(), ...queues.flatMap(resourcesOf)]);
  return [...names].flatMap((name) => {
    const room = capacity.get(name) ?? 0;
    const total = queues.reduce((sum, queue) => sum + guaranteedOf(queue, name, room), 0);
    const below = queues.flatMap((queue) => overMax(queue, { name, room, path: queue.name }));
    if (total <= room) return below;
    const has = `the nodes have ${amount(name, room)}`;
    if (room === 0) return [`queues are guaranteed ${amount(name, total)} of ${name}, and ${has}`, ...below];
    const [percent, part] = [Math.round((total / room) * 100), Math.floor((room / total) * 100)];
    const then = `when all need it, each gets ${part}% of its guarantee`;
    return [`queues are guaranteed ${percent}% of ${name}, and ${has}: ${then}`, ...below];
  });
}

/** A queue is guaranteed at least what those below it are together. */
function guaranteedOf(queue: QueueSpec, name: string, capacity: number): number {
  const below = queue.queues.reduce((sum, one) => sum + guaranteedOf(one, name, capacity), 0);
  return Math.max(below, amountOf(queue.guaranteed, { name, capacity, otherwise: 0 }));
}

interface Place {
  readonly name: string;
  readonly room: number;
  readonly path: string;
}

/** Amounts and parts can be compared only where the capacity is known. */
function overMax(queue: QueueSpec, { name, room, path }: Place): readonly string[] {
  const guaranteed = guaranteedOf(queue, name, room);
  const max = amountOf(queue.max, { name, capacity: room, otherwise: Infinity });
  const below = queue.queues.flatMap((one) => overMax(one, { name, room, path: `${path}.${one.name}` }));
  if (guaranteed <= max) return below;
  const what = `queue ${path} is guaranteed ${amount(name, guaranteed)} of ${name}, and its max is ${amount(name, max)}`;
  return [what, ...below];
}

const resourcesOf = ({ guaranteed, queues }: QueueSpec): readonly string[] => [
  ...guaranteed.amounts.keys(),
  ...queues.flatMap(resourcesOf),
];
