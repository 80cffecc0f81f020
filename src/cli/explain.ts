import type { z } from 'zod';
import { amount } from '../core/explanation/amounts.ts';
import { counted } from '../core/wording.ts';
import type { ExplanationView } from '../server/api/schemas.ts';
import { since, withLocalTimes } from './ago.ts';
import { columnLines, tame, type Column } from './columns.ts';
import { documentText, type OneFormat } from './formats.ts';
import { explanationOf, type AskFlags, type StreamEvent } from './muster-api.ts';
import type { MusterServer } from './server/client.ts';
import { withMuster } from './server/connect.ts';
import { timeLines } from './time-text.ts';
import { byClockOf, PIPE, type View } from './view.ts';
import { untilStopped, watch } from './watch.ts';
import { wrapped } from './wrapped.ts';

export interface ExplainFlags extends AskFlags {
  readonly output: OneFormat;
  readonly watch?: true;
}

type Explanation = z.output<typeof ExplanationView>;

/**
 * `muster explain APP`: why a gang waits, or where it runs. APP is the gang's name (Spark: the label
 * spark-app-selector), `namespace/name`, or the name of its leader pod.
 * @returns the exit code: 0 found, 1 not found
 */
export async function explainCommand(
  app: string,
  flags: ExplainFlags,
  write: (text: string) => void,
  view: () => View = () => PIPE,
): Promise<number> {
  let isFound = true;
  const text = async (server: MusterServer) => {
    const found = await explanationOf(app, server, flags.namespace);
    isFound = found !== undefined;
    if (!found) return `${nobodyIs(app)}\n`;
    return flags.output === 'table'
      ? `${textOf(found, byClockOf(server, view()))}\n`
      : documentText(found, flags.output);
  };
  if (!flags.watch) {
    write(await withMuster(flags, text));
    return isFound ? 0 : 1;
  }
  // What is ahead of it, and what is free, changes with any gang and any node.
  const versionOf = (event: StreamEvent) => (event.kind === 'tick' ? event.tick.gangs + event.tick.nodes : undefined);
  return untilStopped((signal) => watch(flags, { draw: text, versionOf, signal }, { write, view }));
}

/** Tells how to find it by a part of its name. */
const nobodyIs = (app: string) =>
  `There is no gang called ${app}, and no leader pod of that name. muster gangs --search ${app.slice(app.indexOf('/') + 1)} finds parts of names.`;

function textOf(found: Explanation, view: View): string {
  const { gang, phase, queue, priority, policy, leader, reason, advice, ahead, elastic } = found;
  const lines = [
    `Gang ${tame(gang)}: ${phase}${reason === undefined ? '' : `, ${tame(reason)}`}`,
    `  since ${since(found.since, view)}, queue ${queue || '-'}, priority ${priority}${termsOf(found)}, policy ${policy}, leader ${leader.name}`,
  ];
  lines.push(...snapshotLines(found));
  lines.push(...timeLines(found, view.now()).map((line) => `  ${line}`));
  const tables = [rolesTable(found, view), placedTable(found, view), victimsTable(found, view)];
  for (const table of tables) if (table.length > 0) lines.push('', ...table);
  if (lines.includes('')) lines.push('');
  if (elastic > 0) lines.push(`Also running: ${counted(elastic, 'elastic member')} beyond the minimum.`);
  const before = ahead.map(({ gang: other, blocks }) => `${other}${blocks ? ' (must start first)' : ''}`);
  if (before.length > 0) lines.push(`Ahead in the queue: ${before.join(', ')}`);
  const told = [...lines, ...advice.map((line) => `* ${line}`)].map((line) => withLocalTimes(line, view));
  return told.flatMap((line) => wrapped(line, view.width)).join('\n');
}

/** How old the view of the cluster is, and what that means. */
function snapshotLines({ snapshot }: Explanation): string[] {
  if (!snapshot) return [];
  const { ageSeconds, isStale } = snapshot;
  const stale = isStale ? '; that is too old: the API server does not answer, and no gang is admitted' : '';
  return [`  as the cluster was at most ${Math.ceil(ageSeconds)} s ago${stale}`];
}

/** What one member asks, and where it could go. */
function rolesTable({ roles }: Explanation, view: View): string[] {
  if (roles.length === 0) return [];
  const columns: Column[] = [
    { head: 'role', least: 6 },
    { head: 'min', isRight: true },
    { head: 'max', isRight: true },
    { head: 'request per member', least: 12 },
    { head: 'eligible', isRight: true },
    { head: 'places', isRight: true },
    { head: 'nodes excluded by', least: 16 },
  ];
  const rows = roles.map(({ role, min, count, request, nodes, places }) => {
    const amounts = Object.entries(request).filter(([resource, value]) => resource !== 'pods' && value > 0);
    const each = amounts.map(([resource, value]) => `${resource} ${shown(resource, value)}`).join(', ');
    const excluded = nodes.refused.map(({ because, nodes: many }) => `${because} (${many})`).join(', ');
    const eligible = `${nodes.eligible} of ${nodes.total}`;
    return [role, String(min), String(count), each || '-', eligible, String(places.now), excluded || '-'];
  });
  return columnLines(columns, rows, view);
}

function termsOf({ priorityTerms }: Explanation): string {
  if (priorityTerms.length < 2) return '';
  const terms = priorityTerms.map(
    ({ because, points }) => `${because} ${points > 0 && because !== 'class' ? '+' : ''}${points}`,
  );
  return ` (${terms.join(', ')})`;
}

/** The victims that preemption evicts or would evict. */
function victimsTable({ preemption }: Explanation, view: View): string[] {
  if (!preemption || preemption.victims.length === 0) return [];
  const isUnderWay = preemption.state === 'under way';
  const columns: Column[] = [
    { head: isUnderWay ? 'being evicted' : 'would be evicted', least: 16, keepsEnd: true },
    { head: 'of gang', least: 10, keepsEnd: true },
    { head: 'node', least: 8, keepsEnd: true },
    { head: 'priority', isRight: true },
    ...(isUnderWay
      ? []
      : [
          { head: 'core-seconds', isRight: true },
          { head: 'of these', least: 10 },
        ]),
  ];
  const rows = preemption.victims.map(({ pod, gang, role, node, priority, coreSeconds, terms, isNeeded }) => {
    const why = terms.map(({ term, coreSeconds: amounts }) => `${term} ${amounts}`).join(', ');
    const whose = gang === undefined ? '-' : `${gang} ${role}${isNeeded ? '' : ' (elastic)'}`;
    return [pod, whose, node, String(priority), ...(isUnderWay ? [] : [String(coreSeconds), why])];
  });
  return columnLines(columns, rows, view);
}

/** @param value as the API has it: cpu in cores */
const shown = (resource: string, value: number) =>
  resource === 'cpu' ? counted(value, 'core') : amount(resource, value);

/** Counts members by role, node and state, so that a gang of a thousand takes a few lines. */
function placedTable({ placed }: Explanation, view: View): string[] {
  if (placed.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { role, node, state } of placed) {
    const line = [role, node || '(none)', state].join('\0');
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const columns: Column[] = [{ head: 'role', least: 6 }, { head: 'node', least: 12 }, { head: 'state' }];
  const rows = [...counts].map(([line, count]) => [...line.split('\0'), String(count)]);
  return columnLines([...columns, { head: 'members', isRight: true }], rows, view);
}
