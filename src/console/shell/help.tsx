import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { about } from '../api/connection.ts';
import { WAIT_NAMES, WAITS } from '../text/words.ts';
import { PAGES } from './pages.ts';

const isOpen = signal(false);

export const openHelp = () => (isOpen.value = true);

const KEYS = [
  ['/', 'to the search'],
  ['↑ ↓ PageUp PageDown Home End', 'move in a list or tree'],
  ['← →', 'fold and unfold; move on the map'],
  ['Enter', 'open the gang or queue'],
  ['t', 'light or dark'],
  ['?', 'this help'],
] as const;

/** The keys, and what the words mean. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = isOpen.value;
  useEffect(() => {
    if (shown && !dialog.current?.open) dialog.current?.showModal();
  }, [shown]);
  if (!shown) return null;
  return (
    <dialog ref={dialog} class="help" aria-label="Keys and help" onClose={() => (isOpen.value = false)}>
      <Words />
      <form method="dialog" class="help-end">
        <span class="pale">muster {about.value?.version}</span>
        <button type="submit" class="main-button">
          Close
        </button>
      </form>
    </dialog>
  );
}

function Words() {
  return (
    <>
      <h2>Keys</h2>
      <dl class="facts">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {PAGES.map(({ key, title }) => (
          <div key={key}>
            <dt>
              <kbd>g {key}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
      <h2>What gangs wait for</h2>
      <dl class="facts">
        {WAIT_NAMES.map((name) => (
          <div key={name}>
            <dt>{WAITS[name].label}</dt>
            <dd>
              {WAITS[name].meaning} {WAITS[name].needsYou && 'It waits until something is changed.'}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
