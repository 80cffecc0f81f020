import { render } from 'preact';
import { connect } from './api/connection.ts';
import { startClock } from './clock/now.ts';
import { App } from './shell/app.tsx';
import { listenForKeys } from './shell/keys.ts';

render(<App />, document.getElementById('app')!);
startClock();
listenForKeys();
void connect();
