import type { Explanation } from '../../api/contract.ts';
import { GangLink } from '../../parts/gang-link.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { numberText, plural } from '../../text/amount.ts';

type Preemption = NonNullable<Explanation['preemption']>;

const MOST_VICTIMS = 50;

const STATES: Readonly<Record<Preemption['state'], string>> = {
  'under way': 'These pods are being evicted for it.',
  found: 'These pods would have to be evicted for it.',
  soon: 'It may preempt soon.',
  nobody: 'No pod may be evicted for it.',
  'not now': 'No pod is evicted for it now.',
};

/** Which pods preemption evicts or would evict, and what that costs, item by item. */
export function Preemption({ preemption }: { readonly preemption: Preemption }) {
  const { mode, state, because, victims, between, kept, relax, notBefore } = preemption;
  const isOnlyAdvice = state === 'found' && mode !== 'enforce';
  return (
    <>
      <p>
        {STATES[state]} {isOnlyAdvice && `The policy says ${mode}: muster names them and evicts no pod.`} {because}
      </p>
      {victims.length > 0 && <Harm preemption={preemption} />}
      {notBefore !== undefined && (
        <p>
          Not before <When at={notBefore} />: muster waits for gangs that run to end.
        </p>
      )}
      <ul class="plain-list">
        {between.map((text, i) => (
          <li key={i}>{text}</li>
        ))}
        {kept.map(({ rule, pods }) => (
          <li key={rule}>
            The rule “{rule}” keeps {plural(pods, 'pod')}
            {relax.includes(rule) && '; without it, evictions would make room'}.
          </li>
        ))}
      </ul>
    </>
  );
}

function Harm({ preemption }: { readonly preemption: Preemption }) {
  const { victims, coreSeconds, gangsBroken, gangsLost, until } = preemption;
  const broken = gangsBroken === 0 ? 'no gang falls' : plural(gangsBroken, 'gang falls', 'gangs fall');
  const lost = gangsLost === 0 ? '' : `, ${plural(gangsLost, 'gang is', 'gangs are')} lost whole`;
  return (
    <>
      <p>
        Evicting {plural(victims.length, 'pod')} costs <strong>{hours(coreSeconds)}</strong> of work; {broken} below the
        minimum{lost}.
        {until !== undefined && (
          <>
            {' '}
            muster gives up <When at={until} />.
          </>
        )}
      </p>
      <Victims victims={victims} />
    </>
  );
}

function Victims({ victims }: { readonly victims: Preemption['victims'] }) {
  const rows = victims
    .slice(0, MOST_VICTIMS)
    .map(({ pod, node, gang, priority, isNeeded, coreSeconds, terms }) => [
      pod,
      gang === undefined ? <span class="pale">no gang</span> : <GangLink gang={gang} />,
      node,
      isNeeded ? 'needed' : 'elastic',
      <span class="terms">{terms.map(({ term, coreSeconds: part }) => `${term} ${hours(part)}`).join(' + ')}</span>,
      String(priority),
      hours(coreSeconds),
    ]);
  const head = ['Pod', 'Gang', 'Node', 'Member', 'Made up of', 'Priority', 'Cost'];
  return (
    <>
      <Table caption="Victims and what each costs" head={head} rows={rows} figures={2} />
      {victims.length > MOST_VICTIMS && <p class="pale">and {plural(victims.length - MOST_VICTIMS, 'more pod')}</p>}
    </>
  );
}

/** Core-seconds as people read them. */
function hours(coreSeconds: number): string {
  if (Math.abs(coreSeconds) >= 3600) return `${numberText(coreSeconds / 3600)} core-h`;
  if (Math.abs(coreSeconds) >= 60) return `${numberText(coreSeconds / 60)} core-min`;
  return `${numberText(coreSeconds)} core-s`;
}
