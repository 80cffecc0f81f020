import { NO_QUOTA, type Quota, type QueueSpec } from '../core/policy/tenancy.ts';
import { amountText, percentText } from '../intake/amount-text.ts';

/** One line for each queue, indented by its level: its name, what it is guaranteed and its max. */
export function queueTreeLines(queues: readonly QueueSpec[]): readonly string[] {
  const rows = rowsOf(queues, 0);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, ...facts]) => `${name.padEnd(width)}  ${facts.join('; ')}`.trimEnd());
}

function rowsOf(queues: readonly QueueSpec[], level: number): readonly (readonly [string, ...string[]])[] {
  return queues.flatMap((queue) => {
    const made = queue.each ? rowsOf([{ ...queue.each, name: '(each)' }], level + 1) : [];
    return [
      [`${'  '.repeat(level)}${queue.name}`, ...factsOf(queue)] as const,
      ...rowsOf(queue.queues, level + 1),
      ...made,
    ];
  });
}

function factsOf({ guaranteed, max, weight }: QueueSpec): readonly string[] {
  return [
    ...(isNone(guaranteed) ? [] : [`guaranteed ${quotaText(guaranteed)}`]),
    ...(isNone(max) ? [] : [`max ${quotaText(max)}`]),
    ...(weight === 1 ? [] : [`weight ${weight}`]),
  ];
}

const isNone = ({ amounts, shares }: Quota = NO_QUOTA) => amounts.size + shares.size === 0;

/** `cpu 400, memory 1600Gi`; `40%` of every resource. */
const quotaText = ({ amounts, shares }: Quota) =>
  [
    ...[...amounts].map(([name, value]) => `${name} ${amountText(name, value)}`),
    ...[...shares].map(([name, part]) => (name === '*' ? percentText(part) : `${name} ${percentText(part)}`)),
  ].join(', ');
