import type { GroupBy } from '../../result.ts';
import type { Group } from '../groups.ts';
import { html, type Markup } from '../markup.ts';
import { count, span } from '../format.ts';
import { logSpanAxis, type Axis } from './axes.ts';
import { mark } from './plot.ts';
import { rangeBar, rowPanel } from './row-panel.ts';

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
      bar: median to 95th percentile of the waits; marker: mean; &ge;: at least, since jobs had not
      begun${left > 0 ? `; ${count(left)} more in the tables` : ''}
    </p>`;
}

function panel(title: string, policies: readonly string[], { rows }: Group, x: Axis): Markup {
  const jobs = Math.max(0, ...rows.map((row) => row?.jobs ?? 0));
  const shown = policies.map((policy, i) => {
    const waits = rows[i]?.waitMs;
    if (!waits || waits.count === 0) return { policy, track: [], value: '-' };
    const bound = waits.atLeast.includes('mean') ? '≥ ' : '';
    const track = [rangeBar(i, x.at(waits.p50), x.at(waits.p95)), mark(i, x.at(waits.mean), 500)];
    return { policy, track, value: `${bound}${span(waits.mean)}` };
  });
  return rowPanel({ title, note: `${count(jobs)} ${jobs === 1 ? 'job' : 'jobs'}`, x, rows: shown });
}
