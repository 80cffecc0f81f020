import Table from 'cli-table3';
import type { z } from 'zod';
import { Clock } from '../clock.ts';
import { amount } from '../core/explanation/amounts.ts';
import { counted } from '../core/wording.ts';
import type { ExplanationView } from '../server/api/schemas.ts';
import { explanationOf, type ServerFlags } from './muster-api.ts';
import { timeLines } from './time-text.ts';

export interface ExplainFlags extends ServerFlags {
  readonly output: 'table' | 'json';
}

type Explanation = z.output<typeof ExplanationView>;

/**
 * `muster explain APP`: why a gang waits, or where it runs. APP is the gang's name (Spark: the label
 * spark-app-selector), `namespace/name`, or the name of its leader pod.
 * @returns the exit code: 0 found, 1 not found
 */
export async function explainCommand(app: string, flags: ExplainFlags, write: (text: string) => void): Promise<number> {
  const found = await explanationOf(app, flags);
  if (!found) {
    write(`There is no gang called ${app}, and no leader pod of that name.\n`);
    return 1;
  }
  write(flags.output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : `${textOf(found)}\n`);
  return 0;
}

function textOf(found: Explanation): string {
  const { gang, phase, queue, priority, policy, since, leader, reason, advice, ahead, elastic } = found;
  const lines = [
    `Gang ${gang}: ${phase}${reason === undefined ? '' : `, ${reason}`}`,
    `  since ${since}, queue ${queue || '-'}, priority ${priority}${termsOf(found)}, policy ${policy}, leader ${leader.name}`,
  ];
  lines.push(...snapshotLines(found));
  lines.push(...timeLines(found, new Date(new Clock().nowMs())).map((line) => `  ${line}`));
  if (found.roles.length > 0) lines.push(rolesTable(found));
  if (found.placed.length > 0) lines.push(placedTable(found));
  if (found.preemption && found.preemption.victims.length > 0) lines.push(victimsTable(found.preemption));
  if (elastic > 0) lines.push(`Also running: ${counted(elastic, 'elastic member')} beyond the minimum.`);
  const before = ahead.map(({ gang: other, blocks }) => `${other}${blocks ? ' (must start first)' : ''}`);
  if (before.length > 0) lines.push(`Ahead in the queue: ${before.join(', ')}`);
  return [...lines, ...advice.map((line) => `* ${line}`)].join('\n');
}

/** How old the view of the cluster is, and what that means. */
function snapshotLines({ snapshot }: Explanation): string[] {
  if (!snapshot) return [];
  const { ageSeconds, isStale } = snapshot;
  const stale = isStale ? '; that is too old: the API server does not answer, and no gang is admitted' : '';
  return [`  as the cluster was at most ${Math.ceil(ageSeconds)} s ago${stale}`];
}

const PLAIN = { style: { head: [], border: [] } };

function rolesTable({ roles }: Explanation): string {
  const head = ['role', 'min', 'max', 'request per member', 'eligible nodes', 'places now', 'nodes excluded by'];
  const table = new Table({ ...PLAIN, head });
  for (const { role, min, count, request, nodes, places } of roles) {
    const amounts = Object.entries(request).filter(([resource]) => resource !== 'pods');
    const each = amounts.map(([resource, value]) => `${resource} ${shown(resource, value)}`).join('\n');
    const excluded = nodes.refused.map(({ because, nodes: many }) => `${because} (${many})`).join('\n');
    table.push([role, min, count, each, `${nodes.eligible} of ${nodes.total}`, places.now, excluded]);
  }
  return table.toString();
}

function termsOf({ priorityTerms }: Explanation): string {
  if (priorityTerms.length < 2) return '';
  const terms = priorityTerms.map(
    ({ because, points }) => `${because} ${points > 0 && because !== 'class' ? '+' : ''}${points}`,
  );
  return ` (${terms.join(', ')})`;
}

/** The victims that preemption evicts or would evict. */
function victimsTable({ state, victims }: NonNullable<Explanation['preemption']>): string {
  const head = [
    state === 'under way' ? 'being evicted' : 'would be evicted',
    'of gang',
    'node',
    'priority',
    'core-seconds',
  ];
  const table = new Table({ ...PLAIN, head });
  for (const { pod, gang, role, node, priority, coreSeconds, terms, isNeeded } of victims) {
    const why = terms.map(({ term, coreSeconds: amounts }) => `${term} ${amounts}`).join('\n');
    const whose = gang === undefined ? '-' : `${gang}\n${role}${isNeeded ? '' : ' (elastic)'}`;
    table.push([pod, whose, node, priority, state === 'under way' ? '' : `${coreSeconds}\n${why}`]);
  }
  return table.toString();
}

/** @param value as the API has it: cpu in cores */
const shown = (resource: string, value: number) =>
  resource === 'cpu' ? counted(value, 'core') : amount(resource, value);

/** Counts members by role, node and state, so that a gang of a thousand takes a few lines. */
function placedTable({ placed }: Explanation): string {
  const counts = new Map<string, number>();
  for (const { role, node, state } of placed) {
    const line = [role, node || '(none)', state].join('\0');
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const table = new Table({ ...PLAIN, head: ['role', 'node', 'state', 'members'] });
  for (const [line, count] of counts) table.push([...line.split('\0'), count]);
  return table.toString();
}
