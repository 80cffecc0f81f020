import type { ComponentChildren } from 'preact';
import { ask } from '../../api/client.ts';
import type { Policies } from '../../api/contract.ts';
import { Empty, Loaded } from '../../parts/notes.tsx';
import { useLive } from '../../state/live.ts';
import { spanText } from '../../text/time.ts';
import { fieldWords } from '../../text/words.ts';

/** The policies in force, in the order in which muster matches them. */
export function PoliciesPage() {
  const live = useLive('policies', { version: 'policies', load: (stop) => ask<Policies>('v1/policies', {}, stop) });
  return (
    <div class="page page-policies">
      <h1 class="unseen">Policies in force</h1>
      <Loaded live={live}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No policy is in force." />
          ) : (
            <>
              <p class="lead">The first policy that matches a gang counts. docs/policies.md explains every field.</p>
              {items.map((policy, i) => (
                <Policy key={i} policy={policy} place={i + 1} />
              ))}
            </>
          )
        }
      </Loaded>
    </div>
  );
}

type Fields = Readonly<Record<string, unknown>>;

function Policy({ policy, place }: { readonly policy: Fields; readonly place: number }) {
  const { name, match, ...rest } = policy;
  const simple = Object.entries(rest).filter(([, value]) => !isFields(value));
  const parts = Object.entries(rest).filter(([, value]) => isFields(value));
  return (
    <article class="policy" aria-labelledby={`policy-${place}`}>
      <h2 id={`policy-${place}`}>
        <span class="pale">{place}.</span> {textOf(name)}
      </h2>
      <p>Matches {matchText(match)}.</p>
      {simple.length > 0 && <List entries={simple} />}
      <div class="policy-parts">
        {parts.map(([field, value]) => (
          <section key={field}>
            <h3>{fieldWords(field)}</h3>
            <List entries={Object.entries(value as Fields)} />
          </section>
        ))}
      </div>
      <details>
        <summary>As JSON</summary>
        <pre class="code" tabIndex={0}>
          {JSON.stringify(policy, null, 2)}
        </pre>
      </details>
    </article>
  );
}

function List({ entries }: { readonly entries: readonly (readonly [string, unknown])[] }) {
  return (
    <dl class="facts">
      {entries.map(([field, value]) => (
        <div key={field}>
          <dt>{fieldWords(nameOf(field))}</dt>
          <dd>{valueOf(field, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Spans of time are in ms. */
const nameOf = (field: string) => field.replace(/Ms$/, '');

function valueOf(field: string, value: unknown): ComponentChildren {
  if (typeof value === 'number' && field.endsWith('Ms')) return spanText(value);
  if (!isFields(value)) return textOf(value);
  const entries = Object.entries(value);
  return entries.length === 0 ? <span class="pale">none</span> : <List entries={entries} />;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(textOf).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value === undefined ? '' : JSON.stringify(value);
}

function matchText(match: unknown): string {
  if (!isFields(match)) return 'every gang';
  const said = Object.entries(match).flatMap(([field, value]) => {
    const values = Array.isArray(value)
      ? value.map(textOf)
      : isFields(value)
        ? Object.entries(value).map(([name, one]) => `${name}=${textOf(one)}`)
        : [textOf(value)];
    return values.length === 0 ? [] : [`${fieldWords(field)} ${values.join(', ')}`];
  });
  return said.length === 0 ? 'every gang' : said.join('; ');
}
