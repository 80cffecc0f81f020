import { signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const KEY = 'muster.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = (): Theme => (system.matches ? 'dark' : 'light');

function chosen(): Theme | undefined {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : undefined;
}

/** What the page looks like. */
export const theme = signal<Theme>(chosen() ?? systemTheme());

theme.subscribe((now) => (document.documentElement.dataset['theme'] = now));
system.addEventListener('change', () => (theme.value = chosen() ?? systemTheme()));

/** From light to dark and back; the system's own is not kept as a choice. */
export function toggleTheme(): void {
  const next = theme.peek() === 'light' ? 'dark' : 'light';
  if (next === systemTheme()) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  theme.value = next;
}
