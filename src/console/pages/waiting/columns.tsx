import type { GangRow } from '../../api/contract.ts';
import { KindBadge, PhaseBadge } from '../../parts/badges.tsx';
import { GangLink } from '../../parts/gang-link.tsx';
import type { Column } from '../../parts/virtual-grid.tsx';
import { Since, When } from '../../parts/when.tsx';
import { hrefOf } from '../../state/address.ts';

/** Spark's names of gangs say nothing to people: those of their drivers do. */
function Gang({ row: { gang, leader, isHidden } }: { readonly row: GangRow }) {
  const name = gang.slice(gang.indexOf('/') + 1);
  const says = leader !== '' && !leader.startsWith(name);
  return (
    <>
      <GangLink gang={gang} isHidden={isHidden} isInGrid />
      {says && <span class="leader pale">{leader}</span>}
    </>
  );
}

/** A name that leads to all gangs that have it. */
function FilterLink({ filter, value }: { readonly filter: string; readonly value: string }) {
  return (
    <a class="quiet" tabIndex={-1} title={value} href={hrefOf('waiting', [], { [filter]: value })}>
      {value}
    </a>
  );
}

function Members({ row: { members, bound } }: { readonly row: GangRow }) {
  if (bound === 0) return <>{members}</>;
  return (
    <span title={`${bound} pods are bound; it needs ${members} to start.`}>
      {bound}
      <span class="pale">/{members}</span>
    </span>
  );
}

/** Why it waits, or what became of it. */
function Reason({ row: { phase, waitsFor, reason, lacks, complete, reserved, isHidden } }: { readonly row: GangRow }) {
  if (phase !== 'waiting')
    return (
      <>
        <PhaseBadge phase={phase} />
        <span class="reason">
          {phase === 'starting' && reserved !== undefined && (
            <>
              reserved <When at={reserved} />
            </>
          )}
          {phase !== 'starting' && complete !== undefined && (
            <>
              complete <When at={complete} />
            </>
          )}
          {phase === 'degraded' && ' It lost a place and has no other yet.'}
        </span>
      </>
    );
  return (
    <>
      {waitsFor && <KindBadge kind={waitsFor} />}
      <span class="reason" title={reason}>
        {lacks?.replace(/^room /, '').replace('<=', '≤') ?? reason ?? (isHidden ? '' : 'No reason is known yet.')}
      </span>
    </>
  );
}

/** When it starts, or ends. */
function Expected({ row: { phase, startsAbout, startsLatest, isStartSought, endsAbout } }: { readonly row: GangRow }) {
  if (phase !== 'waiting')
    return endsAbout === undefined ? (
      <span class="pale">–</span>
    ) : (
      <span class="pale">
        ends <When at={endsAbout} isForetold />
      </span>
    );
  if (startsAbout === undefined) return <span class="pale">{isStartSought ? 'looking' : 'not known'}</span>;
  return (
    <>
      <When at={startsAbout} isForetold />
      {startsLatest !== undefined && (
        <span class="pale latest">
          {' '}
          at the latest <When at={startsLatest} isForetold />
        </span>
      )}
    </>
  );
}

function Help({ row: { gang, phase, isHidden } }: { readonly row: GangRow }) {
  if (isHidden || phase !== 'waiting') return null;
  const [namespace = '', ...name] = gang.split('/');
  return (
    <a class="helps" tabIndex={-1} href={hrefOf('gang', [namespace, name.join('/')])}>
      What helps
    </a>
  );
}

export const COLUMNS: readonly Column<GangRow>[] = [
  { key: 'position', title: '#', isSortable: true, cell: ({ position }) => position ?? '' },
  {
    key: 'gang',
    title: 'Gang',
    isSortable: true,
    cell: (row) => <Gang row={row} />,
  },
  { key: 'queue', title: 'Queue', isSortable: true, cell: ({ queue }) => <FilterLink filter="queue" value={queue} /> },
  {
    key: 'user',
    title: 'User',
    cell: ({ user, isHidden }) => (isHidden || user === '' ? '' : <FilterLink filter="user" value={user} />),
  },
  { key: 'members', title: 'Members', isSortable: true, isLargestFirst: true, cell: (row) => <Members row={row} /> },
  { key: 'since', title: 'Since', isSortable: true, cell: ({ since }) => <Since at={since} /> },
  { key: 'reason', title: 'Why', cell: (row) => <Reason row={row} /> },
  { key: 'expected', title: 'Starts about', cell: (row) => <Expected row={row} /> },
  { key: 'help', title: '', cell: (row) => <Help row={row} /> },
];
