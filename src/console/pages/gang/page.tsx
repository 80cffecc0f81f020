import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { ask, pathOf } from '../../api/client.ts';
import type { Explanation, GangDetail } from '../../api/contract.ts';
import { KindBadge, PhaseBadge } from '../../parts/badges.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Since, When } from '../../parts/when.tsx';
import { announce } from '../../state/announce.ts';
import { useLive, type Live } from '../../state/live.ts';
import { hrefOf } from '../../state/address.ts';
import { route } from '../../state/route.ts';
import { plural } from '../../text/amount.ts';
import { Members } from './members.tsx';
import { Preemption } from './preemption.tsx';
import { Roles } from './roles.tsx';
import { Ahead, Forecast, Standing } from './standing.tsx';
import { Timeline } from './timeline.tsx';

/** An explanation is work for muster: it is read again this often at most. */
const EXPLAIN_GAP_MS = 10_000;

/** One gang: where it stands, why, and what would help. */
export function GangPage() {
  const [namespace = '', name = ''] = route.value.parts;
  const path = pathOf(namespace, name);
  const detail = useLive(`detail ${path}`, {
    version: 'gangs',
    load: (stop) => ask<GangDetail>(`v1/board/gangs/${path}`, {}, stop),
  });
  const explained = useLive(`explained ${path}`, {
    version: 'gangs',
    gapMs: EXPLAIN_GAP_MS,
    load: (stop) => ask<Explanation>(`v1/gangs/${path}`, {}, stop),
  });
  const gang = detail.data.value;
  const error = detail.error.value;
  if (error?.status === 404)
    return (
      <Empty title="There is no such gang, or no longer.">
        <p>
          <a href={hrefOf('waiting', [], { search: name, phase: 'all' })}>Search for {name}</a>
        </p>
      </Empty>
    );
  if (!gang) return error ? <Empty title={error.message} /> : <p class="reading">Reading …</p>;
  return <Gang gang={gang} explained={explained} />;
}

function Gang({ gang, explained }: { readonly gang: GangDetail; readonly explained: Live<Explanation> }) {
  const { gang: key, phase } = gang;
  const explanation = gang.ended === undefined ? explained.data.value : undefined;
  useEffect(() => void announce(`${key} is ${phase}`), [key, phase]);
  return (
    <div class="page page-gang">
      <Head gang={gang} startsAbout={explanation?.start?.about ?? gang.startsAbout} />
      <div class="gang-columns">
        <div>
          {explanation && explanation.advice.length > 0 && (
            <Part title={phase === 'waiting' ? 'Why it waits, and what helps' : 'What there is to say'}>
              <ul class="advice">
                {explanation.advice.map((sentence, i) => (
                  <li key={i}>{sentence}</li>
                ))}
              </ul>
            </Part>
          )}
          {!explanation && gang.ended === undefined && (
            <p class="reading">{explained.error.value?.message ?? 'Reading the explanation …'}</p>
          )}
          <Part title="What befell it">
            <Timeline entries={gang.timeline} isWaiting={phase === 'waiting' && gang.ended === undefined} />
          </Part>
          <Part title="Members">
            <Members gang={key} places={gang.places} />
          </Part>
        </div>
        {explanation && <Explained explanation={explanation} runsSince={gang.complete} />}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly gang: GangDetail;
  /** The list has start times of the first gangs alone: an explanation always looks for one. */
  readonly startsAbout: string | undefined;
}

function Head({ gang, startsAbout }: HeadProps) {
  const { gang: key, phase, queue, user, priority, policy, leader, members, bound } = gang;
  const at = key.indexOf('/');
  return (
    <header class="gang-head">
      <h1>
        <span class="gang-namespace">{key.slice(0, at + 1)}</span>
        {key.slice(at + 1)} <PhaseBadge phase={phase} />
      </h1>
      <p class="gang-facts">
        queue <a href={hrefOf('queues', [], { open: queue })}>{queue}</a> · user{' '}
        <a href={hrefOf('waiting', [], { user, phase: 'all' })}>{user}</a> · priority {priority} · policy{' '}
        <a href={hrefOf('policies')}>{policy}</a> · leader {leader} · {bound} of {plural(members, 'member')} bound
      </p>
      <Lead gang={gang} startsAbout={startsAbout} />
    </header>
  );
}

/** Where it stands, in one line. */
function Lead({ gang, startsAbout }: HeadProps) {
  const { phase, since, waitsFor, reason, lacks, isStartSought, ended, position } = gang;
  const unknown = isStartSought ? ' · start being worked out' : ' · start not known';
  if (ended !== undefined)
    return (
      <p class="gang-lead">
        It is over: it ended <When at={ended} />. This is how it was seen last.
      </p>
    );
  if (phase !== 'waiting') return null;
  return (
    <p class="gang-lead">
      {position !== undefined && (
        <>
          <strong class="gang-position">No. {position}</strong> in the order ·{' '}
        </>
      )}
      waits <Since at={since} />
      {waitsFor && (
        <>
          {' '}
          for <KindBadge kind={waitsFor} />
        </>
      )}
      {startsAbout === undefined ? unknown : ' · expected start '}
      {startsAbout !== undefined && <When at={startsAbout} isForetold />}
      {reason !== undefined && (
        <span class="gang-reason">{lacks === undefined ? reason : `${reason}: ${lacks.replace('<=', '≤')}`}</span>
      )}
    </p>
  );
}

interface ExplainedProps {
  readonly explanation: Explanation;
  /** Since when it has all members that it needs. */
  readonly runsSince: string | undefined;
}

function Explained({ explanation, runsSince }: ExplainedProps) {
  const { roles, preemption, standing, ahead, otherQueues, priorityTerms, phase } = explanation;
  return (
    <div>
      {(explanation.start ?? explanation.forecast ?? explanation.ends) && (
        <Part title="Forecast">
          <Forecast {...explanation} runsSince={runsSince} />
        </Part>
      )}
      <Part title="Roles and places">
        <Roles roles={roles} />
      </Part>
      {preemption && (
        <Part title="Preemption">
          <Preemption preemption={preemption} />
        </Part>
      )}
      {phase === 'waiting' && (
        <Part title="Ahead of it">
          <Ahead ahead={ahead} standing={standing} />
        </Part>
      )}
      {standing && (
        <Part title="Its queue">
          <Standing standing={standing} />
          {otherQueues.length > 0 && <p>It would start now in: {otherQueues.join(', ')}.</p>}
        </Part>
      )}
      {priorityTerms.length > 0 && <Priority terms={priorityTerms} />}
    </div>
  );
}

function Priority({ terms }: { readonly terms: Explanation['priorityTerms'] }) {
  return (
    <Part title="Priority">
      <ul class="plain-list">
        {terms.map(({ because, points }, i) => (
          <li key={i}>
            {points > 0 ? '+' : ''}
            {points}: {because}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
