import { useComputed } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { about, connection, problem, reconnect, retryAtMs, tick } from '../api/connection.ts';
import { announce } from '../state/announce.ts';
import { spanText } from '../text/time.ts';

/** What keeps the page from being up to date, above all else. */
export function Banner() {
  const isLost = useComputed(() => connection.value === 'lost').value;
  useEffect(() => {
    if (isLost) announce('The connection to muster is lost.');
    else if (tick.peek()) announce('Connected to muster.');
  }, [isLost]);
  if (isLost) return <Lost />;
  const snapshot = tick.value?.snapshot;
  if (snapshot?.isStale)
    return (
      <p class="banner banner-warn" role="alert">
        The API server has not answered for {spanText(snapshot.ageSeconds * 1000)}: muster admits no gang until it does.
      </p>
    );
  if (about.value?.isDeciding === false)
    return (
      <p class="banner">This replica follows. Another decides, and what is shown here may differ from what it does.</p>
    );
  return null;
}

function Lost() {
  const [leftMs, setLeft] = useState(0);
  useEffect(() => {
    const look = () => setLeft(retryAtMs.peek() - performance.now());
    look();
    const timer = setInterval(look, 500);
    return () => clearInterval(timer);
  }, [retryAtMs.value]);
  return (
    <p class="banner banner-bad" role="alert">
      {problem.value === '' ? 'The connection to muster is lost.' : problem.value} What is shown is not up to date.{' '}
      <span aria-hidden="true">{leftMs > 500 ? `Next try in ${spanText(leftMs)}.` : 'Trying …'}</span>{' '}
      <button type="button" onClick={reconnect}>
        Try now
      </button>
    </p>
  );
}
