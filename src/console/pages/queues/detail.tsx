import { ask, pathOf } from '../../api/client.ts';
import type { Cost, QueueDetail } from '../../api/contract.ts';
import { GangLink } from '../../parts/gang-link.tsx';
import { Loaded } from '../../parts/notes.tsx';
import { Table } from '../../parts/table.tsx';
import { Since } from '../../parts/when.tsx';
import { useLive } from '../../state/live.ts';
import { hrefOf } from '../../state/address.ts';
import { amountsText, amountText, numberText, percentText, plural } from '../../text/amount.ts';
import { spanText } from '../../text/time.ts';
import { resourcesOf } from './amounts.ts';

/** What accounts say changes slowly. */
const COST_GAP_MS = 10_000;

/** One queue: what it holds of each resource, its users, limits and rules. */
export function Detail({ path }: { readonly path: string }) {
  const live = useLive(path, {
    version: 'queues',
    load: (stop) => ask<QueueDetail>(`v1/queues/${pathOf(path)}`, {}, stop),
  });
  return (
    <aside class="detail" aria-label={`Queue ${path}`}>
      <header class="detail-head">
        <h2>{path}</h2>
        <a class="close" href={hrefOf('queues')} aria-label="Close">
          ×
        </a>
      </header>
      <Loaded live={live}>{(queue) => <Facts queue={queue} />}</Loaded>
    </aside>
  );
}

function Facts({ queue }: { readonly queue: QueueDetail }) {
  const { path, gangs, oldest, dominant, over, under } = queue;
  return (
    <>
      <p>
        <a href={hrefOf('waiting', [], path === 'root' ? {} : { queue: path })}>
          {plural(gangs.waiting, 'gang waits', 'gangs wait')}
        </a>
        , {gangs.running + gangs.degraded} run, {gangs.starting} start; {plural(queue.pods, 'pod')}.
      </p>
      {oldest && (
        <p>
          <GangLink gang={oldest.gang} /> has waited longest: <Since at={oldest.since} />.
        </p>
      )}
      {dominant && (
        <p>
          It holds {percentText(dominant.share)} of the cluster's {dominant.resource}.
        </p>
      )}
      {over.length > 0 && <p>Beyond its entitlement: {over.join(', ')}.</p>}
      {under.length > 0 && <p>It needs more, and is entitled to more: {under.join(', ')}.</p>}
      <Amounts queue={queue} />
      <Rules queue={queue} />
      <Users queue={queue} />
      <CostOf path={path} />
    </>
  );
}

function Amounts({ queue }: { readonly queue: QueueDetail }) {
  const resources = resourcesOf([queue]);
  const rows = (['held', 'demand', 'entitled', 'guaranteed', 'max'] as const).map((what) => [
    what,
    ...resources.map((name) => (queue[what][name] === undefined ? '–' : amountText(name, queue[what][name]))),
  ]);
  return <Table caption="Amounts" head={['Amount', ...resources]} rows={rows} figures={resources.length} />;
}

function Rules({ queue: { limits, reclaim, yields, weight, unfairSeconds } }: { readonly queue: QueueDetail }) {
  const most = [
    [limits.gangs, 'gangs at a time'],
    [limits.pods, 'pods at a time'],
    [limits.podsPerNamespace, 'pods of a namespace'],
    [limits.gangsPerUser, 'gangs of a user'],
  ] as const;
  const said = most.flatMap(([value, text]) => (value === undefined ? [] : [`at most ${value} ${text}`]));
  const from = reclaim.from.length === 0 ? 'every queue' : reclaim.from.join(', ');
  return (
    <dl class="facts">
      <dt>Weight</dt>
      <dd>{weight}</dd>
      <dt>Limits</dt>
      <dd>{said.length === 0 ? 'none but its max' : said.join(', ')}</dd>
      <dt>Reclaim</dt>
      <dd>
        {reclaim.mode}: up to its {reclaim.to}, from {from}, after {spanText(reclaim.afterSeconds * 1000)}
      </dd>
      {yields && (
        <>
          <dt>Yields</dt>
          <dd>
            {yields.hours}
            {yields.isNow && ', so now'}
          </dd>
        </>
      )}
      {unfairSeconds > 0 && (
        <>
          <dt>Unfair</dt>
          <dd>
            Its gangs waited {spanText(unfairSeconds * 1000)} within their share while others held more than theirs.
          </dd>
        </>
      )}
    </dl>
  );
}

function Users({ queue: { users, usersInAll } }: { readonly queue: QueueDetail }) {
  if (users.length === 0) return <p class="pale">No user holds anything.</p>;
  const rows = users.map(({ user, gangs, share, held }) => [
    <a href={hrefOf('waiting', [], { user, phase: 'all' })}>{user}</a>,
    amountsText(held),
    String(gangs),
    percentText(share),
  ]);
  const rest = usersInAll - users.length;
  return (
    <>
      <Table caption="Users" head={['User', 'Holds', 'Gangs', 'Share']} rows={rows} figures={2} />
      {rest > 0 && <p class="pale">and {plural(rest, 'more user')}</p>}
    </>
  );
}

function CostOf({ path }: { readonly path: string }) {
  const live = useLive('cost', {
    version: 'queues',
    gapMs: COST_GAP_MS,
    load: (stop) => ask<Cost>('v1/cost', {}, stop),
  });
  const cost = live.data.value;
  const row = cost?.items.find(({ queue }) => queue === path);
  if (!cost || !row) return null;
  const states = Object.entries(row.states).map(([state, { cost: amount }]) => [state, numberText(amount)]);
  return (
    <>
      <p>
        In {spanText(cost.hours * 3_600_000)} it cost {numberText(row.total.cost)}
        {cost.prices === 'default' ? ' (a core costs 1 an hour)' : ''}.
      </p>
      {states.length > 0 && <Table caption="Cost by state" head={['State', 'Cost']} rows={states} figures={1} />}
    </>
  );
}
