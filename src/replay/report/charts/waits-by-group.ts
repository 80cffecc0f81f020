import type { GroupBy, GroupRow } from '../../result.ts';
import type { Group } from '../groups.ts';
import { html, type Markup } from '../markup.ts';
import { lookOf } from '../palette.ts';
import { count, span } from '../format.ts';
import { logSpanAxis, type Axis } from './axes.ts';
import { shortened } from './labels.ts';
import { mark, percent } from './plot.ts';

const MOST_PANELS = 8;
const WORDS: Readonly<Record<GroupBy, (name: string) => string>> = {
  size: (name) => (name === '1' ? '1 member' : `${name} members`),
  priority: (name) => `priority ${name}`,
  queue: (name) => `queue ${name}`,
  namespace: (name) => `namespace ${name}`,
  user: (name) => `user ${name}`,
};

/** One panel per group and one bar per policy: from the median wait to its 95th percentile, with a marker at the mean. */
export function waitsByGroup(by: GroupBy, policies: readonly string[], groups: readonly Group[]): Markup {
  const shown = groups.slice(0, MOST_PANELS);
  const waits = shown.flatMap(({ rows }) => rows.flatMap((row) => (row && row.waitMs.count > 0 ? [row.waitMs] : [])));
  const x = logSpanAxis(
    Math.max(0, ...waits.map(({ p95, mean }) => Math.max(p95, mean))),
    Math.min(...waits.map(({ p50, mean }) => Math.min(p50, mean))) / 2,
  );
  const left = groups.length - shown.length;
  return html`<div class="panels">${shown.map((group) => panel(WORDS[by](group.name), policies, group, x))}</div>
    <p class="axes">
      bar: median to 95th percentile of the waits; marker: mean; ≥: at least, since jobs had not
      begun${left > 0 ? `; ${count(left)} more in the tables` : ''}
    </p>`;
}

function panel(title: string, policies: readonly string[], { rows }: Group, x: Axis): Markup {
  const jobs = Math.max(0, ...rows.map((row) => row?.jobs ?? 0));
  return html`<figure class="plot ranges">
    <figcaption><b>${title}</b> <span>${count(jobs)} ${jobs === 1 ? 'job' : 'jobs'}</span></figcaption>
    ${policies.map((policy, i) => rangeRow(policy, i, rows[i], x))}
    <div class="row ticks">
      <span></span>
      <div class="track">
        ${x.ticks.map(({ at, label }) => html`<span class="tx${at > 960 ? ' last' : ''}" style="left:${percent(at)}">${label}</span>`)}
      </div>
      <span></span>
    </div>
  </figure> `;
}

function rangeRow(policy: string, i: number, row: GroupRow | undefined, x: Axis): Markup {
  const waits = row && row.waitMs.count > 0 ? row.waitMs : undefined;
  const bar = waits
    ? [
        html`<i
          class="range ${lookOf(i).name}"
          style="left:${percent(x.at(waits.p50))};right:${percent(1000 - x.at(waits.p95))}"
        ></i>`,
        mark(i, x.at(waits.mean), 500),
      ]
    : [];
  const value = waits ? `${waits.atLeast.includes('mean') ? '≥ ' : ''}${span(waits.mean)}` : '-';
  const grid = x.ticks.map(({ at }) => html`<i class="gx" style="left:${percent(at)}"></i>`);
  return html`<div class="row">
    <span class="name ${lookOf(i).name}" title="${policy}">${shortened(policy)}</span>
    <div class="track">${grid}${bar}</div>
    <span class="value">${value}</span>
  </div>`;
}
