import { useEffect, useRef } from 'preact/hooks';
import { about, connection, problem } from '../api/connection.ts';
import { signIn } from '../api/session.ts';
import { ApiPage } from '../pages/api/page.tsx';
import { GangPage } from '../pages/gang/page.tsx';
import { LivePage } from '../pages/live/page.tsx';
import { NodesPage } from '../pages/nodes/page.tsx';
import { PoliciesPage } from '../pages/policies/page.tsx';
import { QueuesPage } from '../pages/queues/page.tsx';
import { WaitingPage } from '../pages/waiting/page.tsx';
import { Empty } from '../parts/notes.tsx';
import { announcement } from '../state/announce.ts';
import { hrefOf } from '../state/address.ts';
import { route } from '../state/route.ts';
import { Banner } from './banner.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { SignIn } from './sign-in.tsx';

export function App() {
  return (
    <>
      <Header />
      <Banner />
      <Main />
      <Help />
      <div class="unseen" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function Main() {
  const main = useRef<HTMLElement>(null);
  const { page, parts } = route.value;
  const place = [page, ...parts].join('/');
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${[...parts].reverse().join(' · ') || page} · muster`;
    // Who comes from another page reads this one from its beginning.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [place]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Shown />
    </main>
  );
}

function Shown() {
  if (signIn.value !== 'none') return <SignIn />;
  if (connection.value === 'refused' || about.value?.sees === 'nothing')
    return (
      <Empty title="You may not look at this cluster.">
        <p>{problem.value === '' ? 'Ask whoever runs muster for access.' : problem.value}</p>
      </Empty>
    );
  switch (route.value.page) {
    case 'waiting':
      return <WaitingPage />;
    case 'queues':
      return <QueuesPage />;
    case 'nodes':
      return <NodesPage />;
    case 'gang':
      return <GangPage key={route.value.parts.join('/')} />;
    case 'live':
      return <LivePage />;
    case 'policies':
      return <PoliciesPage />;
    case 'api':
      return <ApiPage />;
    default:
      return (
        <Empty title="There is no such page.">
          <a href={hrefOf('waiting')}>To the gangs</a>
        </Empty>
      );
  }
}
