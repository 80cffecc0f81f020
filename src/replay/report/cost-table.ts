import type { PolicyResult } from '../result.ts';
import { groupCosts } from './cost-rows.ts';
import { count, percent } from './format.ts';
import { html, NOTHING, type Markup } from './markup.ts';
import { lookOf } from './palette.ts';
import type { Column } from './runs.ts';

/** Queues of their own; all others are in one row. */
const MOST = 40;

/** What each queue paid under each policy, folded; the last rows come to the bill of all nodes. */
export function costTable(columns: readonly Column[]): Markup {
  const results = columns.map(({ runs }) => [...runs.values()][0]);
  if (results.every((result) => result?.cost === undefined)) return NOTHING;
  const rows = rowsOf(results);
  return html`<details>
    <summary>Cost by queue (${count(rows.length - 2)})</summary>
    <p class="axes">what room cost while pods were bound, and its part of the bill; a core 1 an hour without prices</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <td></td>
            ${columns.map(({ policy }, i) => html`<th scope="col" class="${lookOf(i).name}">${policy}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ label, values }) =>
              html`<tr>
                <th scope="row">${label}</th>
                ${values.map((value, i) => html`<td>${cell(value, results[i])}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

interface Row {
  readonly label: string;
  readonly values: readonly (number | undefined)[];
}

function rowsOf(results: readonly (PolicyResult | undefined)[]): readonly Row[] {
  const groups = results.map((result) => (result?.cost ? groupCosts(result.cost, ['queue']) : []));
  const names = [...new Set(groups.flatMap((some) => some.map(({ names: [name = ''] }) => name)))];
  const of = (queues: readonly string[]) =>
    groups.map((some) =>
      some.filter(({ names: [name = ''] }) => queues.includes(name)).reduce((sum, { total }) => sum + total, 0),
    );
  const rest = names.slice(MOST);
  return [
    ...names.slice(0, MOST).map((name) => ({ label: name, values: of([name]) })),
    ...(rest.length > 0 ? [{ label: `${count(rest.length)} others`, values: of(rest) }] : []),
    { label: 'idle', values: results.map((result) => result?.cost?.idle) },
    { label: 'bill: all nodes', values: results.map((result) => result?.cost?.bill) },
  ];
}

function cell(value: number | undefined, result: PolicyResult | undefined): string {
  const bill = result?.cost?.bill ?? 0;
  if (value === undefined) return '-';
  return bill > 0 ? `${value.toFixed(2)} (${percent(value / bill)})` : value.toFixed(2);
}
