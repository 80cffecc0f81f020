import { render } from 'preact';

render(<h1>muster</h1>, document.getElementById('app')!);
