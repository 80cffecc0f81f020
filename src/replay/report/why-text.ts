import { counted } from '../../core/wording.ts';
import type { JobRecord, Outcome, Phase, PhaseChange, PhaseTotal } from '../job-record.ts';
import { count, printable, ratio, span } from './format.ts';
import { textTable, type TextRow } from './text-table.ts';

/** What a job did in a phase, as the rest of a sentence. */
export const PHASES: Readonly<Record<Phase, string>> = {
  queued: 'kube-scheduler had not tried its leader yet',
  refused: 'its leader was refused',
  partial: 'its leader held room, and a worker that it needs was refused',
  starting: 'its members were created, bound and started',
  working: 'it worked',
  broken: 'it stood still, without members that it needs',
  resubmitting: 'its leader was lost; it was about to be submitted again',
  over: 'it was over',
};

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  done: 'done',
  failed: 'failed by itself',
  abandoned: 'abandoned: it lost its leader too often',
  larger: 'never began: it is larger than the cluster',
  deadlocked: 'deadlocked: it held room without working, and nothing could happen any more',
  waiting: 'still waiting when the simulation ended',
  working: 'still working when the simulation ended',
};

/** What one job waited for, under one policy in phases, under several side by side. */
export function whyText(records: readonly JobRecord[], width: number): string {
  const [first] = records;
  if (!first) return '';
  const head = [...identity(first), ''];
  const body = records.length === 1 ? storyOf(first) : [comparison(records, width), '', ...records.map(longestOf)];
  const advice = records.length === 1 ? [] : ['--policy NAME prints the phases under one policy.'];
  return [...head, ...body, ...advice].map((line) => line.split('\n').map(printable).join('\n')).join('\n');
}

function identity({ id, namespace, queue, user, priority, members, needed, cpuMilli, submitMs }: JobRecord): string[] {
  const begins = needed === members ? 'all of them needed' : `${needed} of them needed`;
  const owner = [`namespace ${namespace}`, `queue ${queue || '-'}`, ...(user === '' ? [] : [`user ${user}`])];
  return [
    `Job ${id}: ${counted(members, 'member')}, ${begins}; ${counted(cpuMilli / 1000, 'core')}; ${owner.join(', ')}, priority ${priority}.`,
    `It was submitted at ${clock(submitMs)}, counted from the first submission.`,
  ];
}

/** The whole story under one policy. */
function storyOf(record: JobRecord): string[] {
  const { policy, phases, endedMs, completionMs, submitMs } = record;
  const endMs = endedMs ?? submitMs + completionMs;
  return [
    `Under ${policy}: ${OUTCOMES[record.outcome]}, ${span(completionMs)} after its submission (slowdown ${slowdownOf(record)}).`,
    longestOf(record),
    ...startOf(record),
    ...runOf(record),
    ...lossOf(record),
    '',
    ...phases.flatMap((change, i) => [
      ...(i === KEPT && phases.length === 2 * KEPT
        ? [`${' '.repeat(AT_WIDTH)}  (changes in between are not kept)`]
        : []),
      ...phaseLine(change, (phases[i + 1]?.atMs ?? endMs) - change.atMs),
    ]),
  ];
}

/** A record keeps so many phase changes from the beginning, and as many from the end. */
const KEPT = 20;
const AT_WIDTH = 12;

/** What took less is left out: it would read `0s`. */
const SHOWN_MS = 50;

function phaseLine({ atMs, phase, reason }: PhaseChange, ms: number): string[] {
  const at = clock(atMs).padStart(AT_WIDTH);
  if (phase === 'over') return [`${at}  ${PHASES.over}`];
  return ms >= SHOWN_MS ? [`${at}  for ${span(ms).padEnd(7)} ${phaseText(phase, reason)}`] : [];
}

const phaseText = (phase: Phase, reason: string | undefined) =>
  reason === undefined ? PHASES[phase] : `${PHASES[phase]}: ${reason}`;

function longestOf({ policy, waitMs, isWaitOpen, longest, waited }: JobRecord): string {
  const wait = isWaitOpen
    ? `Under ${policy} it waited ${span(waitMs)} and never began`
    : `Under ${policy} it waited ${span(waitMs)} until its work began`;
  const [most] = waited.filter(({ phase, reason }) => longest === (reason ?? phase)).sort((a, b) => b.ms - a.ms);
  return most ? `${wait}; longest in all, ${span(most.ms)}: ${phaseText(most.phase, most.reason)}.` : `${wait}.`;
}

/** What it was told of its start, and what came of it. */
function startOf({ told, reservedMs }: JobRecord): string[] {
  if (!told) return [];
  const { atMs, aboutMs, promisedMs, isKept } = told;
  const first = `At ${clock(atMs)} it was told that it starts about ${clock(aboutMs)}, at the latest at ${clock(promisedMs)}`;
  if (isKept === undefined) return [`${first}; it had not started, nor was it late.`];
  if (reservedMs === undefined) return [`${first}; it was late, and had not started.`];
  const late = isKept ? 'in time' : `${span(reservedMs - promisedMs)} late`;
  return [`${first}; its leader got its node at ${clock(reservedMs)}, ${late}.`];
}

function runOf({ forecast }: JobRecord): string[] {
  if (!forecast) return [];
  const { medianMs, p90Ms, ranMs } = forecast;
  return [
    `Of such runs half were expected to end within ${span(medianMs)}, nine of ten within ${span(p90Ms)}; it took ${span(ranMs)}.`,
  ];
}

function lossOf({ work, evictions, reruns }: JobRecord): string[] {
  const lost = work.lostToEvictions + work.lostToFailures;
  const parts = [
    ...(evictions > 0 ? [`lost ${counted(evictions, 'pod')} to evictions`] : []),
    ...(lost > 0 ? [`repeated ${count(lost / 3600)} core-hours of work`] : []),
    ...(reruns > 0 ? [`was submitted again ${counted(reruns, 'time')}`] : []),
  ];
  return parts.length === 0 ? [] : [`It ${parts.join(', ')}.`];
}

/** Longer reasons are cut where they do not fit; the line of each policy below the table has the longest in full. */
const SHORT_LABEL = 44;

function comparison(records: readonly JobRecord[], width: number): string {
  const line = (label: string, text: (record: JobRecord) => string): TextRow => ({
    label,
    short: label.length > SHORT_LABEL ? `${label.slice(0, SHORT_LABEL - 3)}...` : label,
    cells: records.map(text),
  });
  const keyOf = ({ phase, reason }: PhaseTotal) => (reason === undefined ? phase : `${phase}: ${reason}`);
  const shown = records.flatMap(({ waited }) => waited.filter(({ ms }) => ms >= SHOWN_MS));
  const phases = [...new Set(shown.map(keyOf))];
  const rows = [
    line('outcome', ({ outcome }) => outcome),
    line('wait until work began', ({ waitMs, isWaitOpen }) => `${isWaitOpen ? '>= ' : ''}${span(waitMs)}`),
    line('completion', ({ completionMs, isCompletionOpen }) => `${isCompletionOpen ? '>= ' : ''}${span(completionMs)}`),
    line('bounded slowdown', slowdownOf),
    line('pods evicted', ({ evictions }) => count(evictions)),
    ...phases.map((key) =>
      line(key, ({ waited }) => {
        const found = waited.find((one) => keyOf(one) === key);
        return found ? span(found.ms) : '-';
      }),
    ),
  ];
  return textTable({ columns: records.map(({ policy }) => policy), rows, width });
}

const slowdownOf = ({ slowdown, isCompletionOpen }: JobRecord) => `${isCompletionOpen ? '>= ' : ''}${ratio(slowdown)}`;

/** Simulated time: `2d 03:04:05`. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 86_400 ? time : `${Math.floor(seconds / 86_400)}d ${time}`;
}
