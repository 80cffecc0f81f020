import { tick } from '../../api/connection.ts';
import type { Phase } from '../../api/contract.ts';
import { Choice, Segments, TextField } from '../../parts/fields.tsx';
import { isNarrow } from '../../state/narrow.ts';
import { route, setQuery } from '../../state/route.ts';
import { numberText } from '../../text/amount.ts';
import { PHASE_NAMES, WAIT_NAMES, WAITS } from '../../text/words.ts';

/** What the reader has chosen, as it stands in the address. */
const FILTERS = ['search', 'namespace', 'queue', 'user', 'waitsFor'] as const;
type Filter = (typeof FILTERS)[number];

const SORTS = [
  ['', 'in order'],
  ['since', 'longest waiting'],
  ['gang', 'name'],
  ['queue', 'queue'],
  ['members', 'members'],
  ['priority', 'priority'],
] as const;

/** The gangs that are shown: `all`, or those of one phase. Without a choice those that wait. */
export const phaseOf = (query: Readonly<Record<string, string>>): string => query['phase'] ?? 'waiting';

export const isFiltered = (query: Readonly<Record<string, string>>) =>
  FILTERS.some((name) => query[name] !== undefined);

/** The query of /v1/board/gangs for what the address says. */
export function gangQuery(query: Readonly<Record<string, string>>): Record<string, string> {
  const phase = phaseOf(query);
  const named = [...FILTERS, 'sort', 'order'].flatMap((name) => (query[name] ? [[name, query[name]] as const] : []));
  return { ...Object.fromEntries(named), ...(phase === 'all' ? {} : { phase }) };
}

function phaseTabs(): readonly (readonly [string, string])[] {
  const counts = tick.value?.counts;
  const text = (phase: Phase) => (counts ? `${phase} ${numberText(counts[phase])}` : phase);
  return [...PHASE_NAMES.map((phase) => [phase, text(phase)] as const), ['all', 'all']];
}

/** A field of the address. */
const field = (name: Filter) => ({
  value: route.value.query[name] ?? '',
  onChange: (value: string) => setQuery({ [name]: value }),
});

const KINDS = [['', 'anything'], ...WAIT_NAMES.map((name) => [name, WAITS[name].label] as const)] as const;

function Fields() {
  return (
    <>
      <TextField label="Queue" {...field('queue')} />
      <TextField label="Namespace" {...field('namespace')} />
      <TextField label="User" {...field('user')} />
      <Choice label="Waits for" {...field('waitsFor')} options={KINDS} />
    </>
  );
}

/** A phone has no room for all: they unfold, and with them the order, which has no headings there. */
function Folded() {
  const { query } = route.value;
  const used = FILTERS.filter((name) => name !== 'search' && query[name] !== undefined).length;
  return (
    <details class="more-filters">
      <summary>Filters{used > 0 ? ` (${used})` : ''}</summary>
      <div class="filter-fields">
        <Fields />
        <Choice
          label="Sort by"
          options={SORTS}
          value={query['sort'] ?? ''}
          onChange={(sort) => setQuery({ sort, order: '' })}
        />
      </div>
    </details>
  );
}

export function Filters() {
  const { query } = route.value;
  const clear = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, ''])));
  return (
    <form class="filters" role="search" aria-label="Gangs" onSubmit={(event) => event.preventDefault()}>
      <Segments
        label="Phase"
        value={phaseOf(query)}
        options={phaseTabs()}
        onChange={(phase) => setQuery({ phase: phase === 'waiting' ? '' : phase })}
      />
      <TextField label="Search" placeholder="Gang, leader, queue or user  ( / )" isSearch {...field('search')} />
      {isNarrow.value ? <Folded /> : <Fields />}
      {isFiltered(query) && (
        <button type="button" class="clear" onClick={clear}>
          Clear
        </button>
      )}
    </form>
  );
}
