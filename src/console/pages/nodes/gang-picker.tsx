import { useState } from 'preact/hooks';
import { ask } from '../../api/client.ts';
import type { GangRow, GangRows } from '../../api/contract.ts';
import { PhaseBadge } from '../../parts/badges.tsx';
import { TextField } from '../../parts/fields.tsx';
import { Loaded } from '../../parts/notes.tsx';
import { useLive } from '../../state/live.ts';
import { gangHref } from '../../state/address.ts';
import { route, setQuery } from '../../state/route.ts';
import { plural } from '../../text/amount.ts';
import { hover } from './lit.ts';

/** So many gangs are offered; the search finds the others. */
const OFFERED = 40;
/** The list is for choosing: it need not follow every change. */
const GAP_MS = 5000;

/** Gangs that can be lit: pointing at one lights it, choosing keeps it lit. */
export function GangPicker() {
  const [search, setSearch] = useState('');
  const query = { search, sort: 'members', order: 'desc', limit: OFFERED };
  const load = (stop: AbortSignal) =>
    ask<GangRows>('v1/board/gangs', { ...query, ...(search === '' ? { phase: 'running' } : {}) }, stop);
  const live = useLive(search, { version: 'gangs', gapMs: GAP_MS, load });
  return (
    <section class="picker" aria-label="Light a gang">
      <TextField label="Light a gang" placeholder="Search ( / )" isSearch value={search} onChange={setSearch} />
      <Loaded live={live}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="pale">{search === '' ? 'No gang runs.' : 'No gang matches.'}</p>
          ) : (
            <ul class="picker-list" onPointerLeave={() => hover(undefined)}>
              {items.map((row) => row.isHidden || <Offer key={row.gang} row={row} />)}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Offer({ row: { gang, phase, members, bound } }: { readonly row: GangRow }) {
  const isLit = route.value.query['gang'] === gang;
  return (
    <li>
      <button
        type="button"
        aria-pressed={isLit}
        title={gang}
        onPointerEnter={() => hover(gang)}
        onFocus={() => hover(gang)}
        onBlur={() => hover(undefined)}
        onClick={() => setQuery({ gang: isLit ? '' : gang })}
      >
        <span class="picker-name">{gang}</span>
        <span class="pale">{plural(Math.max(members, bound), 'member')}</span>
        {phase !== 'running' && <PhaseBadge phase={phase} />}
      </button>
      {isLit && (
        <a class="picker-open" href={gangHref(gang)}>
          Open
        </a>
      )}
    </li>
  );
}
