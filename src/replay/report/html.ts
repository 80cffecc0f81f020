import type { ReplayResult } from '../result.ts';
import { clock } from './charts/axes.ts';
import { costTable } from './cost-table.ts';
import { count } from './format.ts';
import { html, NOTHING, trusted, type Markup } from './markup.ts';
import { KINDS, lookOf } from './palette.ts';
import { runPictures, sweepPictures } from './pictures.ts';
import { repeatSection } from './repeat.ts';
import { columnsOf, commonInputs, type Column } from './runs.ts';
import { PAGE_STYLE } from './style.ts';
import { groupTables, mainTable, wallTable } from './tables.ts';
import { verdict } from './verdict.ts';

/**
 * The comparison as one HTML file: words, table, pictures, and what it takes to repeat it. It has no script and asks for
 * nothing outside itself, and it is the same bytes for the same results.
 * @param results one result, or those of a sweep
 */
export function reportHtml(results: readonly ReplayResult[]): string {
  const [first] = results;
  const columns = columnsOf(results);
  const isOneRun = commonInputs(columns).length === 1 && columns.every(({ runs }) => runs.size === 1);
  const title = titleOf(results);
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta
            http-equiv="Content-Security-Policy"
            content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
          />
          <title>${title}</title>
          <style>
            ${trusted(PAGE_STYLE)}
          </style>
        </head>
        <body>
          <header>
            <h1>${title}</h1>
            <p>${factsOf(results)}</p>
          </header>
          ${results.every(({ complete }) => complete) ? NOTHING : html`<p class="warning">Stopped early: the figures cover only the part that ran.</p>`}
          <ul class="verdict">
            ${verdict(results).map((sentence) => html`<li>${sentence}</li>`)}
          </ul>
          ${mainTable(columns)} ${isOneRun ? [groupTables(columns), costTable(columns)] : NOTHING}${wallTable(results)}
          ${legend(columns, isOneRun)}
          <main>${first && isOneRun ? runPictures(first, columns) : sweepPictures(columns)}</main>
          ${repeatSection(results)}
        </body>
      </html> `,
  );
}

const unique = (texts: readonly string[]) => [...new Set(texts)];

/** A sweep has many inputs: the first ones stand for all, so that the verdict stays on the first screen. */
const MOST_LISTED = 3;

/** The different texts; of many, the first ones and how many there are. */
function listOf(texts: readonly string[], separator: string): string {
  const different = unique(texts);
  const shown = different.slice(0, MOST_LISTED).join(separator);
  return different.length > MOST_LISTED ? `${shown}${separator}... (${count(different.length)} in all)` : shown;
}

const titleOf = (results: readonly ReplayResult[]) =>
  `muster replay: ${listOf(
    results.map(({ trace }) => trace.name),
    ', ',
  )}`;

/** What was replayed, on what. */
function factsOf(results: readonly ReplayResult[]): string {
  const facts = results.map(({ trace, nodes, work, offered, changes }) => [
    `${count(trace.jobs)} jobs, ${count(trace.pods)} pods`,
    `submitted in ${clock(offered.windowMs)}`,
    `${count(nodes.count)} nodes (${nodes.name})`,
    `offered load ${offered.load.toFixed(2)} of ${offered.resource}`,
    `work model ${work.model}`,
    ...changes,
  ]);
  const seeds = results.map(({ seed }) => String(seed));
  const each = (facts[0] ?? []).map((_, i) =>
    listOf(
      facts.map((one) => one[i] ?? ''),
      ' / ',
    ),
  );
  return [...each, `${unique(seeds).length === 1 ? 'seed' : 'seeds'} ${listOf(seeds, ', ')}`].join(' · ');
}

/** The one legend of the page. Pointing at a policy, or tapping it, fades the others in all pictures. */
function legend(columns: readonly Column[], hasRoom: boolean): Markup {
  const lines = columns.map(({ policy }, i) => {
    const { name, marker } = lookOf(i);
    return html`<span class="key ${name}" tabindex="0"
      ><svg viewBox="0 -6 36 12">
        <path class="line ${name}" d="M0 0H36" />
        <path class="dot ${name}" transform="translate(18)" d="${marker}" /></svg
      >${policy}</span
    >`;
  });
  const rooms = hasRoom
    ? KINDS.map(({ key, label }) => html`<span class="key"><i class="${key}"></i>${label}</span>`)
    : [];
  return html`<nav class="legend" aria-label="legend">
    <div>${lines}</div>
    <div>${rooms}</div>
  </nav>`;
}
