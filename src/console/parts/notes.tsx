import type { ComponentChildren } from 'preact';
import type { Live } from '../state/live.ts';

/** A page or a part of one that has nothing to show, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** What `live` read, once it is there; before that, that it is being read or why it cannot be. */
export function Loaded<T>({
  live,
  children,
}: {
  readonly live: Live<T>;
  readonly children: (data: T) => ComponentChildren;
}) {
  const data = live.data.value;
  const error = live.error.value;
  if (data !== undefined) return <>{children(data)}</>;
  if (!error) return <p class="reading">Reading …</p>;
  if (error.status === 401) return <Empty title="Sign in to see this." />;
  return <Empty title={error.message} />;
}
