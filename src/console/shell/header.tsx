import { about, connection, tick } from '../api/connection.ts';
import { forgetToken, token } from '../api/session.ts';
import { reconnect } from '../api/connection.ts';
import { hrefOf } from '../state/address.ts';
import { route } from '../state/route.ts';
import { theme, toggleTheme } from '../state/theme.ts';
import { numberText } from '../text/amount.ts';
import { spanText } from '../text/time.ts';
import { openHelp } from './help.tsx';
import { PAGES } from './pages.ts';

export function Header() {
  return (
    <header class="header">
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <a class="logo" href={hrefOf('waiting')} aria-label="muster: gangs">
        <span class="logo-mark" aria-hidden="true">
          <i />
          <i />
          <i />
          <i />
        </span>
        muster
      </a>
      <Pages />
      <Counts />
      <Freshness />
      <Tools />
    </header>
  );
}

/** The hash of the address is the page that is shown: the link moves the focus alone. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Pages() {
  const { page } = route.value;
  const now = page === 'gang' ? 'waiting' : page;
  return (
    <nav class="pages" aria-label="Pages">
      {PAGES.map(({ page: one, title }) => (
        <a key={one} href={hrefOf(one)} aria-current={one === now ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function Counts() {
  const counts = tick.value?.counts;
  if (!counts) return <dl class="counts" />;
  const shown = (['waiting', 'starting', 'running', 'degraded', 'nodes'] as const).filter(
    (name) => name !== 'degraded' || counts.degraded > 0,
  );
  return (
    <dl class="counts">
      {shown.map((name) => (
        <div key={name} class={`count-${name}`}>
          <dt>{name}</dt>
          <dd>{numberText(counts[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether what is shown is fresh, and how old what muster knows is. */
function Freshness() {
  const state = connection.value;
  const snapshot = tick.value?.snapshot;
  const stale = snapshot?.isStale ?? false;
  const [look, text] =
    state === 'live'
      ? stale
        ? ['stale', `stale: ${spanText((snapshot?.ageSeconds ?? 0) * 1000)}`]
        : ['live', 'live']
      : state === 'connecting'
        ? ['connecting', 'connecting']
        : ['lost', state === 'refused' ? 'signed out' : 'not connected'];
  const age = snapshot
    ? `The view of the cluster is ${spanText(snapshot.ageSeconds * 1000)} old.`
    : 'The cluster comes from files.';
  return (
    <span class={`freshness is-${look}`} title={state === 'live' ? age : 'What is shown is not up to date.'}>
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

function Tools() {
  const next = theme.value === 'light' ? 'dark' : 'light';
  const signOut = () => {
    forgetToken();
    reconnect();
  };
  return (
    <div class="tools">
      {about.value && <Cluster of={about.value.cluster} />}
      {token.value !== undefined && (
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      )}
      <button
        type="button"
        class="icon"
        onClick={toggleTheme}
        aria-label={`Use the ${next} theme`}
        title={`Use the ${next} theme`}
      >
        {next === 'dark' ? '☾' : '☀'}
      </button>
      <button type="button" class="icon" onClick={openHelp} aria-label="Keys and help" title="Keys and help (?)">
        ?
      </button>
    </div>
  );
}

/** What is served; of the demo also that its time is not the reader's. */
function Cluster({ of }: { readonly of: string }) {
  if (of !== 'demo') return <span class="cluster">{of}</span>;
  return (
    <span class="cluster" title="Made-up jobs, on a clock that runs faster than yours.">
      demo, fast clock
    </span>
  );
}
