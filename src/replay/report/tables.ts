import type { Fairness, GroupBy, QueueRow, ReplayResult } from '../result.ts';
import { comparison, type ComparedRow } from './comparison.ts';
import { count, percent, ratio, span } from './format.ts';
import { groupsOf } from './groups.ts';
import { html, NOTHING, type Markup } from './markup.ts';
import { lookOf } from './palette.ts';

import { WALL_ROWS } from './rows.ts';
import type { Column } from './runs.ts';

/** The main table: rows that differ, then those that are the same under all policies, folded. */
export function mainTable(columns: readonly Column[]): Markup {
  const { different, same } = comparison(columns);
  const policies = columns.map(({ policy }) => policy);
  const runs = columns.some((column) => column.runs.size > 1)
    ? html`<p class="axes">median of the runs (least .. most)</p>`
    : NOTHING;
  const folded = html`<details>
    <summary>${count(same.length)} rows that are the same under all policies</summary>
    ${table(policies, same)}
  </details>`;
  return html`${table(policies, different)}
    <p class="axes"><b class="best">bold</b>: best of its row</p>
    ${runs}${same.length > 0 ? folded : NOTHING}`;
}

function table(policies: readonly string[], rows: readonly ComparedRow[]): Markup {
  const body = rows.map(
    ({ label, short = label, cells }) =>
      html`<tr>
        <th scope="row"><span class="long">${label}</span><span class="short">${short}</span></th>
        ${cells.map(
          ({ text, spread, best }) =>
            html`<td class="${best ? `best ${best}` : ''}">
              ${text}${spread ? html`<small>${spread}</small>` : NOTHING}
            </td>`,
        )}
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <td></td>
          ${policies.map((policy, i) => html`<th scope="col" class="${lookOf(i).name}">${policy}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div> `;
}

const TITLES: Readonly<Record<GroupBy, string>> = {
  queue: 'By queue',
  namespace: 'By namespace',
  user: 'By user',
  priority: 'By priority',
  size: 'By size of the job (members)',
};

/** Waits and slowdowns by group, folded, with the figures of fairness; only where there are at least two groups. */
export function groupTables(columns: readonly Column[]): Markup {
  const names = columns.map(({ policy }) => policy);
  const all = (Object.keys(TITLES) as GroupBy[]).map((by) => {
    const groups = groupsOf(by, columns);
    if (groups.length < 2) return NOTHING;
    const rows = groups.map(({ name, rows }): ComparedRow => ({
      label: name,
      cells: rows.map((row) => ({
        text:
          !row || row.waitMs.count === 0
            ? '-'
            : `${bound(row.waitMs.atLeast)}${span(row.waitMs.mean)} · ${span(row.waitMs.p95)}`,
        spread: row ? `${count(row.done)} of ${count(row.jobs)} done, slowdown ${ratio(row.slowdown.mean)}` : '',
      })),
    }));
    const fairness = columns.map(({ runs }) => [...runs.values()][0]?.fairness.find((one) => one.by === by));
    return html`<details>
      <summary>${TITLES[by]} (${count(groups.length)})</summary>
      <p class="axes">mean and p95 wait; jobs done; mean bounded slowdown</p>
      ${table(names, [...rows, ...fairnessRow(fairness)])}
    </details>`;
  });
  return html`${all}${shareTable(columns)}`;
}

/** What each queue was entitled to and got, folded; only where there are several queues. */
function shareTable(columns: readonly Column[]): Markup {
  const found = columns.map(({ runs }) => [...runs.values()][0]?.queues?.rows ?? []);
  const queues = [...new Set(found.flat().map(({ queue }) => queue))];
  if (queues.length < 2) return NOTHING;
  const rows = queues.map((name): ComparedRow => {
    const cells = found.map((some) => cellOf(some.find(({ queue }) => queue === name)));
    return { label: name === '' ? '(none)' : name, cells };
  });
  const names = columns.map(({ policy }) => policy);
  return html`<details>
    <summary>What queues got of their entitlement (${count(queues.length)})</summary>
    <p class="axes">
      part of its entitlement; what it was entitled to and held, of the cluster; time in which a job waited that would
      have kept it within its entitlement
    </p>
    ${table(names, rows)}
  </details>`;
}

function cellOf(row: QueueRow | undefined): ComparedRow['cells'][number] {
  if (!row || row.served === null) return { text: '-' };
  const { entitled, held, underMs } = row;
  const under = underMs > 0 ? `, ${span(underMs)} under` : '';
  return { text: percent(row.served), spread: `${percent(entitled)} · ${percent(held)}${under}` };
}

const bound = (atLeast: readonly string[]) => (atLeast.length > 0 ? '≥ ' : '');

function fairnessRow(fairness: readonly (Fairness | undefined)[]): ComparedRow[] {
  if (fairness.every((one) => one === undefined)) return [];
  const cells = fairness.map((one) => ({
    text: one ? one.jain.toFixed(3) : '-',
    spread:
      one && one.worst.underShareMs > 0 ? `${one.worst.name} ${span(one.worst.underShareMs)} under its share` : '',
  }));
  return [{ label: "fairness (Jain's index, 1 is even) and the group under its share for longest", cells }];
}

/** Wall-clock figures differ from run to run; they say nothing about the policies' schedules. */
export function wallTable(results: readonly ReplayResult[]): Markup {
  const latency = results.flatMap((result) => result.latency);
  if (results.length !== 1 || latency.length === 0) return NOTHING;
  const rows = WALL_ROWS.map(([label, value]): ComparedRow => ({
    label,
    cells: latency.map((one) => ({ text: value(one) })),
  }));
  return html`<details>
    <summary>Speed of the replay (wall clock)</summary>
    ${table(
      latency.map(({ policy }) => policy),
      rows,
    )}
  </details>`;
}
