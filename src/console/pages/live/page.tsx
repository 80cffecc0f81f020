import { useState } from 'preact/hooks';
import type { Decision } from '../../api/contract.ts';
import { decisions } from '../../api/decisions.ts';
import { Choice, TextField } from '../../parts/fields.tsx';
import { GangLink } from '../../parts/gang-link.tsx';
import { Empty } from '../../parts/notes.tsx';
import { route, setQuery } from '../../state/route.ts';
import { plural } from '../../text/amount.ts';
import { absoluteText, hourText } from '../../text/time.ts';
import { wordsOf } from '../../text/words.ts';

/** So many decisions are in the page at a time. */
const MOST_SHOWN = 200;

const TONES: Readonly<Record<string, string>> = {
  'gang-admitted': 'badge-running',
  'gang-waits': 'badge-waiting',
  'eviction-planned': 'badge-act',
  'reservation-revoked': 'badge-act',
  'max-enforced': 'badge-act',
};

/** Recent decisions as they are made. */
export function LivePage() {
  const [paused, setPaused] = useState<readonly Decision[] | undefined>();
  const all = paused ?? decisions.value;
  const missed = paused ? decisions.value.filter(({ id }) => id > (paused[0]?.id ?? 0)).length : 0;
  return (
    <div class="page page-live">
      <h1 class="unseen">Live decisions</h1>
      <form class="filters" role="search" aria-label="Decisions" onSubmit={(event) => event.preventDefault()}>
        <button
          type="button"
          class="pause"
          aria-pressed={paused !== undefined}
          onClick={() => setPaused(paused ? undefined : all)}
        >
          {paused ? `Go on${missed > 0 ? ` (${missed} new)` : ''}` : 'Pause'}
        </button>
        <Filters all={all} />
      </form>
      <Lines all={all} />
    </div>
  );
}

function Filters({ all }: { readonly all: readonly Decision[] }) {
  const { search = '', kind = '' } = route.value.query;
  const kinds = [...new Set(all.map((one) => one.kind))].sort();
  return (
    <>
      <TextField
        label="Search"
        placeholder="Gang or text  ( / )"
        isSearch
        value={search}
        onChange={(text) => setQuery({ search: text })}
      />
      <Choice
        label="Kind"
        value={kind}
        options={[['', 'all'], ...kinds.map((one) => [one, wordsOf(one)] as const)]}
        onChange={(one) => setQuery({ kind: one })}
      />
    </>
  );
}

function Lines({ all }: { readonly all: readonly Decision[] }) {
  const { search = '', kind = '' } = route.value.query;
  const wanted = search.toLowerCase();
  const matching = all.filter(
    (one) => (kind === '' || one.kind === kind) && `${one.gang} ${one.text}`.toLowerCase().includes(wanted),
  );
  if (all.length === 0) return <Empty title="No decision has been made yet." />;
  if (matching.length === 0) return <Empty title="No decision matches." />;
  return (
    <>
      <ol class="decisions" tabIndex={0} aria-label="Decisions, the newest first">
        {matching.slice(0, MOST_SHOWN).map((one) => (
          <Line key={one.id} decision={one} />
        ))}
      </ol>
      {matching.length > MOST_SHOWN && (
        <p class="pale">
          The newest {plural(MOST_SHOWN, 'decision')} of {matching.length}.
        </p>
      )}
    </>
  );
}

function Line({ decision: { at, kind, gang, text } }: { readonly decision: Decision }) {
  return (
    <li>
      <time dateTime={at} title={absoluteText(at)}>
        {hourText(at)}
      </time>
      <span class={`badge ${TONES[kind] ?? ''}`}>{wordsOf(kind)}</span>
      <span class="decision-gang">{gang !== '' && <GangLink gang={gang} />}</span>
      <span class="decision-text">{text}</span>
    </li>
  );
}
