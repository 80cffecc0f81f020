import { useComputed } from '@preact/signals';
import { nowMs } from '../clock/now.ts';
import { absoluteText, expectedText, relativeText, spanText } from '../text/time.ts';

interface WhenProps {
  readonly at: string;
  /** It is foretold: it does not go by, but is due. */
  readonly isForetold?: boolean;
}

/** A time as people say it (`12 min ago`), kept up to date; the whole time on hover. */
export function When({ at, isForetold = false }: WhenProps) {
  const say = isForetold ? expectedText : relativeText;
  const text = useComputed(() => say(Date.parse(at), nowMs.value));
  return (
    <time dateTime={at} title={absoluteText(at)}>
      {text}
    </time>
  );
}

/** How long it has been so: `12 min`. */
export function Since({ at }: { readonly at: string }) {
  const text = useComputed(() => spanText(nowMs.value - Date.parse(at)));
  return (
    <time dateTime={at} title={absoluteText(at)}>
      {text}
    </time>
  );
}
