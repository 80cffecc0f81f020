import type { Phase, WaitKindName } from '../api/contract.ts';
import { PHASES, WAITS } from '../text/words.ts';

/** What kind of thing a gang waits for. */
export function KindBadge({ kind }: { readonly kind: WaitKindName }) {
  const { label, meaning, needsYou } = WAITS[kind];
  return (
    <span class={`badge${needsYou ? ' badge-act' : ''}`} title={meaning}>
      {label}
    </span>
  );
}

export function PhaseBadge({ phase }: { readonly phase: Phase }) {
  return (
    <span class={`badge badge-${phase}`} title={PHASES[phase]}>
      {phase}
    </span>
  );
}
