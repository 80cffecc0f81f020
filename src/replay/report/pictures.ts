import type { OpenQuantiles, PolicyResult, ReplayResult } from '../result.ts';
import { aligned } from './charts/aligned.ts';
import { timeAxis } from './charts/axes.ts';
import { occupancyPicture } from './charts/occupancy.ts';
import { queueLength } from './charts/queue-length.ts';
import { roomOverTime } from './charts/room-over-time.ts';
import { spreadPanels, type SpreadRow } from './charts/spread.ts';
import { tradeOff, type TradeOff } from './charts/trade-off.ts';
import { waitCdf } from './charts/wait-cdf.ts';
import { waitsByGroup } from './charts/waits-by-group.ts';
import { CRITERIA } from './criteria.ts';
import { percent } from './format.ts';
import { groupsOf } from './groups.ts';
import { html, NOTHING, type Markup } from './markup.ts';
import { meanOf, pairedDifference } from './paired.ts';
import type { Row } from './rows.ts';
import { perWorkload, type Column } from './runs.ts';

/** The pictures of one run per setting on one input. */
export function runPictures({ offered }: ReplayResult, columns: readonly Column[]): Markup {
  const policies = columns.map(({ policy }) => policy);
  const results = columns.flatMap(({ runs }) => [...runs.values()]);
  const series = aligned(results);
  const x = timeAxis(offered.windowMs, Math.max(0, ...results.map(({ endMs }) => endMs)));
  return html`<section>
      <h2>Who waited, and how long</h2>
      <div class="pair">${cdf(columns)}${queueLength(policies, series, x)}</div>
      ${groupPanels('size', columns)}${groupPanels('priority', columns)}
      <div class="pair">${tradeOffOf(columns)}</div>
    </section>
    <section>
      <h2>What the cluster did</h2>
      <p class="axes">
        Above: share of the cluster's cpu over time. Below: one line per node or group of neighbouring nodes, blue where
        cpu is bound, orange where it is free but too scattered for one more typical worker.
        ${x.tailAt === undefined ? '' : TAIL_NOTE}
      </p>
      <div class="panels">
        ${results.map(({ workShare, occupancy }, i) => {
          const policy = policies[i] ?? '';
          const room = series.of[i];
          const note = `work ${percent(workShare.window)} of the window`;
          return room
            ? html`<div>
                ${roomOverTime({ policy, note, room }, series, x)}${occupancyPicture(policy, occupancy, x)}
              </div>`
            : NOTHING;
        })}
      </div>
    </section>`;
}

const TAIL_NOTE = 'The submission window has most of the width; the tail after the last submission is compressed.';

/** The pictures of a sweep: every run as a point, and the averages over the runs. */
export function sweepPictures(columns: readonly Column[]): Markup {
  const spreads = CRITERIA.map((criterion) => ({
    title: criterion.name,
    format: criterion.format,
    rows: columns.flatMap((column) => spreadRow(column, criterion)),
  })).filter(({ rows }) => new Set(rows.flatMap(({ values }) => values)).size > 1);
  return html`<section>
      <h2>Run by run</h2>
      ${spreadPanels(spreads)}
    </section>
    <section>
      <h2>Who waited, and how long</h2>
      <div class="pair">${cdf(columns)}${tradeOffOf(columns)}</div>
    </section>`;
}

function spreadRow({ policy, runs }: Column, { value, isLowerBound }: Row): SpreadRow[] {
  const known = [...runs].flatMap(([input, result]) => {
    const figure = value(result);
    return figure === null ? [] : [{ input, figure }];
  });
  if (known.length === 0) return [];
  const values = known.map(({ figure }) => figure);
  const independent = perWorkload(
    known.map(({ input }) => input),
    values,
  );
  const zeros = independent.map(() => 0);
  const isAtLeast = [...runs.values()].some(isLowerBound);
  return [{ policy, values, isAtLeast, ...pairedDifference(zeros, independent) }];
}

/** The curve of several runs has the mean of each quantile; null if it is unknown in one of them. */
function cdf(columns: readonly Column[]): Markup {
  return waitCdf(
    columns.map(({ policy, runs }) => {
      const curves = [...runs.values()].map(({ waitCurve }) => waitCurve).filter((curve) => curve.length > 0);
      const quantile = (i: number) => {
        const known = curves.map((curve) => curve[i] ?? null).filter((ms) => ms !== null);
        return known.length < curves.length ? null : meanOf(known);
      };
      return { policy, quantilesMs: (curves[0] ?? []).map((_, i) => quantile(i)) };
    }),
  );
}

function groupPanels(by: 'size' | 'priority', columns: readonly Column[]): Markup {
  const groups = groupsOf(by, columns);
  if (groups.length < 2) return NOTHING;
  const policies = columns.map(({ policy }) => policy);
  const title = by === 'size' ? 'Waits by size of the job' : 'Waits by priority';
  return html`<h3>${title}</h3>
    ${waitsByGroup(by, policies, groups)}`;
}

/** Nothing where there is one setting, or one priority: then no job gives way to a more urgent one. */
function tradeOffOf(columns: readonly Column[]): Markup {
  const settings = columns.flatMap(({ policy, runs }): TradeOff[] => {
    const results = [...runs.values()];
    const urgent = results.map(urgentWaits).filter((waits) => waits !== undefined);
    if (urgent.length === 0) return [];
    const isAtLeast =
      results.some(({ waitMs }) => waitMs.atLeast.includes('mean')) ||
      urgent.some(({ atLeast }) => atLeast.includes('p95'));
    const meanMs = meanOf(results.map(({ waitMs }) => waitMs.mean));
    return [{ setting: policy, meanMs, urgentP95Ms: meanOf(urgent.map(({ p95 }) => p95)), isAtLeast }];
  });
  return settings.length < 2 ? NOTHING : tradeOff(settings);
}

/** The waits of the highest priority, if there are several. */
function urgentWaits({ groups }: PolicyResult): OpenQuantiles | undefined {
  const rows = groups.find(({ by }) => by === 'priority')?.rows.filter(({ name }) => Number.isFinite(Number(name)));
  const [highest, ...others] = (rows ?? []).toSorted((a, b) => Number(b.name) - Number(a.name));
  return others.length === 0 ? undefined : highest?.waitMs;
}
