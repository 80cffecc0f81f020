import type { ReplayResult, Series } from '../result.ts';
import { UPLOT_CSS, UPLOT_JS } from './library.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './page.ts';
import { ROWS, textOf, WALL_ROWS } from './rows.ts';

const CHARTS: readonly (readonly [key: Exclude<keyof Series, 'stepMs'>, title: string, isShare: boolean])[] = [
  ['work', 'cpu at work', true],
  ['partial', 'cpu held by partial gangs', true],
  ['reserved', 'cpu reserved for members that are not bound yet', true],
  ['stranded', 'free cpu too scattered for one more typical worker', true],
  ['waitingJobs', 'waiting jobs', false],
  ['workingJobs', 'working jobs', false],
];

/** The comparison as one HTML file with charts. It works offline, and all text of the result is escaped. */
export function reportHtml(result: ReplayResult): string {
  const charts = CHARTS.map(([key, title, isShare]) => ({
    title,
    isShare,
    series: result.policies.map(({ policy, series }) => ({
      policy,
      hours: series[key].map((_, i) => (i * series.stepMs) / 3_600_000),
      values: series[key],
    })),
  }));
  const { trace, nodes, seed } = result;
  const title = `muster replay: ${trace.name}`;
  const facts = `${trace.jobs} jobs, ${trace.pods} pods, ${nodes.count} nodes (${nodes.name}), seed ${seed}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${UPLOT_CSS}${PAGE_STYLE}</style></head>
<body><h1>${escaped(title)}</h1><p>${escaped(facts)}</p>
${result.complete ? '' : '<p class="warning">Stopped early: the figures cover only the part that ran.</p>'}
<div class="scroll">${tableHtml(result)}</div>
<main id="charts"></main>
<h2>How to read it</h2>${listHtml([...result.changes, ...result.notes, ...result.options, ...result.drawn.map((one) => `drawn with the seed, not data: ${one}`)])}
<script type="application/json" id="data">${embedded(charts)}</script>
<script>${UPLOT_JS}</script><script>${PAGE_SCRIPT}</script></body></html>
`;
}

function tableHtml({ policies, latency }: ReplayResult): string {
  const head = policies.map(({ policy }) => `<th scope="col">${escaped(policy)}</th>`).join('');
  const rows = [
    ...ROWS.map((row) =>
      rowHtml(
        row.label,
        policies.map((policy) => textOf(row, policy)),
      ),
    ),
    ...WALL_ROWS.map(([label, value]) => rowHtml(label, latency.map(value))),
  ];
  return `<table><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Marks values that end in `!`: they should be 0. */
function rowHtml(label: string, values: readonly string[]): string {
  const cells = values.map((value) => `<td${value.endsWith('!') ? ' class="bad"' : ''}>${escaped(value)}</td>`);
  return `<tr><th scope="row">${escaped(label)}</th>${cells.join('')}</tr>`;
}

const listHtml = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** JSON that cannot end its script element. */
const embedded = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');
