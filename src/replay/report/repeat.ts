import type { ReplayResult } from '../result.ts';
import { html, NOTHING, type Markup } from './markup.ts';

/** All that it takes to repeat the replay, and what it assumed. */
export function repeatSection(results: readonly ReplayResult[]): Markup {
  const traces = unique(results, ({ trace }) => `${trace.name} (${trace.format}): jobs have SHA-256 ${trace.sha256}`);
  const commands = unique(results, ({ command }) => command.map(quoted).join(' '));
  const policies = new Map(results.flatMap((result) => result.policies.map((one) => [one.policy, one] as const)));
  const said = unique(results, ({ notes, options, drawn }) =>
    [...notes, ...options, ...drawn.map((one) => `drawn with the seed, not data: ${one}`)].join('\n'),
  ).flatMap((texts) => texts.split('\n'));
  return html`<section>
    <h2>To repeat it</h2>
    ${list(unique(results, ({ muster }) => `muster ${muster}`))}${commands.map((command) => html`<pre>${command}</pre>`)}${list(traces)}
    ${[...policies.values()].map(
      ({ policy, source, policyText }) =>
        html`<details>
          <summary>policy ${policy}${source === policy ? NOTHING : ` (${source})`}</summary>
          <pre>${policyText}</pre>
        </details>`,
    )}
    <h2>What it assumes</h2>
    ${list([...new Set(said)].filter((one) => one !== ''))}
  </section> `;
}

const unique = (results: readonly ReplayResult[], of: (result: ReplayResult) => string) => [
  ...new Set(results.map(of)),
];

const list = (items: readonly string[]) =>
  html`<ul>
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`;

/** As a shell reads it again. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
