import type { Explanation } from '../../api/contract.ts';
import { nowMs } from '../../clock/now.ts';
import { GangLink } from '../../parts/gang-link.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { hrefOf } from '../../state/address.ts';
import { amountText, numberText, plural } from '../../text/amount.ts';
import { spanText } from '../../text/time.ts';

const FIRST_AHEAD = 20;
const TIERS = ['within its guarantee', 'within its entitlement', 'beyond its entitlement'] as const;

/** Who is before it. */
export function Ahead({ ahead, standing }: Pick<Explanation, 'ahead' | 'standing'>) {
  const before = standing?.before ?? [];
  if (ahead.length === 0 && before.length === 0) return <p>No gang is ahead of it.</p>;
  return (
    <>
      {ahead.length > 0 && (
        <ol class="ahead">
          {ahead.slice(0, FIRST_AHEAD).map(({ gang, blocks }) => (
            <li key={gang}>
              <GangLink gang={gang} /> {blocks && <span class="badge badge-act">lets nobody pass</span>}
            </li>
          ))}
        </ol>
      )}
      {ahead.length > FIRST_AHEAD && (
        <p class="pale">and {plural(ahead.length - FIRST_AHEAD, 'more gang')} of its queue</p>
      )}
      {before.map(({ queue, gangs }) => (
        <p key={queue}>
          {plural(gangs, 'gang')} of queue <a href={hrefOf('waiting', [], { queue })}>{queue}</a>
        </p>
      ))}
    </>
  );
}

/** Where its queue stands, and which limits are near. */
export function Standing({ standing }: { readonly standing: NonNullable<Explanation['standing']> }) {
  const { queue, tier, limits } = standing;
  const rows = limits.map(({ limit, at, resource, used, needed, most, isHit }) => {
    const text = (value: number) => (resource === undefined ? numberText(value) : amountText(resource, value));
    const name = resource === undefined ? limit : `${limit} of ${resource}`;
    return [
      <>
        {name} {isHit && <span class="badge badge-act">hit</span>}
      </>,
      at,
      text(used),
      text(needed),
      text(most),
    ];
  });
  return (
    <>
      <p>
        With it, <a href={hrefOf('queues', [], { open: queue })}>{queue}</a> would be {TIERS[tier] ?? `in tier ${tier}`}
        .
      </p>
      {rows.length > 0 && (
        <Table caption="Limits" head={['Limit', 'Of', 'Used', 'It needs', 'At most']} rows={rows} figures={3} />
      )}
    </>
  );
}

interface Times extends Pick<Explanation, 'start' | 'forecast' | 'ends' | 'patienceSeconds'> {
  readonly runsSince: string | undefined;
}

/** When it starts and how long it runs, if the forecasts hold. */
export function Forecast({ start, forecast, ends, patienceSeconds, runsSince }: Times) {
  const hasRunMs = runsSince === undefined ? 0 : nowMs.value - Date.parse(runsSince);
  const hasOutrun = forecast?.p90Seconds !== undefined && hasRunMs > forecast.p90Seconds * 1000;
  return (
    <dl class="facts">
      {start && <Start start={start} />}
      {forecast && (
        <>
          <dt>Runs</dt>
          <dd>
            {runText(forecast)}
            {hasOutrun && `. It has run for ${spanText(hasRunMs)}, longer than nine of ten would.`}
          </dd>
        </>
      )}
      {ends?.about !== undefined && (
        <>
          <dt>Ends</dt>
          <dd>
            about <When at={ends.about} />
            {ends.latest !== undefined && (
              <>
                , nine times of ten <When at={ends.latest} /> at the latest
              </>
            )}
          </dd>
        </>
      )}
      {patienceSeconds !== undefined && (
        <>
          <dt>Patience</dt>
          <dd>After {spanText(patienceSeconds * 1000)} of waiting others must mind it.</dd>
        </>
      )}
    </dl>
  );
}

function Start({ start }: { readonly start: NonNullable<Explanation['start']> }) {
  const { earliest, about, latest, because, unknown, isAtLeast, promised } = start;
  const times = [
    ['at the earliest', earliest],
    [isAtLeast ? 'or later' : 'about', about],
    ['nine times of ten at the latest', latest],
    ['it was told first', promised],
  ] as const;
  return (
    <>
      <dt>Starts</dt>
      <dd>
        {about === undefined && 'Nobody knows when. '}
        {times.map(([text, at]) =>
          at === undefined ? null : (
            <span key={text} class="time-part">
              <When at={at} /> <span class="pale">{text}</span>
            </span>
          ),
        )}
        {because.length > 0 && (
          <span>
            When {because.join(', ')} {because.length === 1 ? 'ends' : 'end'}.{' '}
          </span>
        )}
        {unknown.length > 0 && <span class="pale">Nothing is known of the run times of {unknown.join(', ')}.</span>}
      </dd>
    </>
  );
}

function runText({ medianSeconds, p90Seconds, isKnown, runs, basis }: NonNullable<Explanation['forecast']>): string {
  if (medianSeconds === undefined) return isKnown ? `It never ends (${basis}).` : `Nothing is known (${basis}).`;
  const most = p90Seconds === undefined ? '' : `, nine times of ten at most ${spanText(p90Seconds * 1000)}`;
  const on = isKnown ? `${runs > 0 ? `${plural(runs, 'ended run')}: ` : ''}${basis}` : `supposed: ${basis}`;
  return `about ${spanText(medianSeconds * 1000)}${most} (${on})`;
}
