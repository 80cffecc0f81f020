import type { GangDetail } from '../../api/contract.ts';
import { nowMs } from '../../clock/now.ts';
import { absoluteText, hourText, spanText } from '../../text/time.ts';

/** What stands on the line for a step; others have their sentence alone. */
const STEPS: Readonly<Record<string, string>> = {
  submitted: 'Submitted',
  asked: 'First asked about',
  reserved: 'Reserved',
  bound: 'Bound',
  running: 'Running',
  'gang-complete': 'Running',
};

type Entry = GangDetail['timeline'][number];

/** What befell the gang: a bar whose parts are as long as they took, and the same as a list. */
export function Timeline({ entries, isWaiting }: { readonly entries: readonly Entry[]; readonly isWaiting: boolean }) {
  if (entries.length === 0) return <p class="pale">This muster saw nothing of it yet.</p>;
  const main = entries.filter(({ what }, i) => what in STEPS && entries.findIndex((one) => one.what === what) === i);
  return (
    <>
      {main.length > 0 && <Strip steps={main} isWaiting={isWaiting} />}
      <ol class="timeline">
        {entries.map(({ at, what, text }, i) => (
          <li key={i} class={what in STEPS ? 'is-main' : ''}>
            <time dateTime={at} title={absoluteText(at)}>
              {hourText(at)}
            </time>
            <span class="timeline-after">{i > 0 && after(entries[i - 1]!, at)}</span>
            <span class="timeline-what">
              {what in STEPS && <strong>{STEPS[what]} </strong>}
              <span>{text}</span>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

const after = (before: Entry, at: string) => `+${spanText(Date.parse(at) - Date.parse(before.at))}`;

/** A part is no shorter than this, so that it can be seen. */
const LEAST_PART = 0.06;

function Strip({ steps, isWaiting }: { readonly steps: readonly Entry[]; readonly isWaiting: boolean }) {
  const ends = steps.map(({ at }, i) => (steps[i + 1] ? Date.parse(steps[i + 1]!.at) : endOf(at, isWaiting)));
  const spans = steps.map(({ at }, i) => Math.max(0, ends[i]! - Date.parse(at)));
  const all = Math.max(1, ...spans);
  return (
    <div class="strip" aria-hidden="true">
      {steps.map(({ what }, i) => (
        <div key={what} class={`strip-part s-${i}`} style={{ flexGrow: String(Math.max(LEAST_PART, spans[i]! / all)) }}>
          <span class="strip-name">{STEPS[what]}</span>
          <span class="strip-span">{i === steps.length - 1 && !isWaiting ? '' : spanText(spans[i]!)}</span>
        </div>
      ))}
    </div>
  );
}

/** The last step goes on: until now where the gang waits. */
const endOf = (at: string, isWaiting: boolean) => (isWaiting ? nowMs.value : Date.parse(at));
