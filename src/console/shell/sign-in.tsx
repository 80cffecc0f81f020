import { useRef } from 'preact/hooks';
import { reconnect } from '../api/connection.ts';
import { signIn, useToken } from '../api/session.ts';

/** Asks for a bearer token. It is kept in this tab alone. */
export function SignIn() {
  const field = useRef<HTMLInputElement>(null);
  const isRefused = signIn.value === 'refused';
  const submit = (event: Event) => {
    event.preventDefault();
    const given = field.current!.value.trim();
    if (given === '') return;
    useToken(given);
    reconnect();
  };
  return (
    <form class="sign-in" onSubmit={submit} aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      <p>
        muster shows this cluster to those who have a bearer token. Where Kubernetes decides who may look, this makes
        one:
      </p>
      <pre class="code">kubectl create token NAME --namespace NAMESPACE</pre>
      <label class="field">
        <span class="field-label">Token</span>
        <input ref={field} type="password" autocomplete="off" required autoFocus aria-invalid={isRefused} />
      </label>
      {isRefused && (
        <p class="bad" role="alert">
          muster did not take this token. It may have expired.
        </p>
      )}
      <button type="submit" class="main-button">
        Sign in
      </button>
      <p class="pale">The token stays in this tab, and is gone when the tab is closed.</p>
    </form>
  );
}
