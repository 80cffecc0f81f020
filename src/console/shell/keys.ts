import { hrefOf } from '../state/address.ts';
import { go } from '../state/route.ts';
import { toggleTheme } from '../state/theme.ts';
import { openHelp } from './help.tsx';
import { PAGES } from './pages.ts';

/** After `g` the next key within this time names a page. */
const NEXT_KEY_MS = 1500;

/** Listens for the keys that work everywhere but where one types. */
export function listenForKeys(): void {
  let sinceG = -Infinity;
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isAfterG = event.timeStamp - sinceG < NEXT_KEY_MS;
    sinceG = event.key === 'g' ? event.timeStamp : -Infinity;
    const page = isAfterG ? PAGES.find(({ key }) => key === event.key) : undefined;
    if (page) go(hrefOf(page.page));
    else if (event.key === '/') focusSearch(event);
    else if (event.key === '?') openHelp();
    else if (event.key === 't') toggleTheme();
  });
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.closest('input, select, textarea, dialog') !== null || target.isContentEditable);

function focusSearch(event: Event): void {
  const field = document.querySelector<HTMLInputElement>('[data-search]');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}
