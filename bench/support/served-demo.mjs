import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** So many gangs wait when pictures are taken, and so many of them know when they start. */
const WAITING = 8;
const FORETOLD = 2;
const LONGEST_MS = 180_000;

/** `muster serve --demo`, once gangs wait in it. @returns its URL, the gangs worth a picture, and how to stop it */
export async function serveDemo() {
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', '--demo', '--port', '0'], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await urlIn(child);
  const ask = async (path) => (await fetch(url + path)).json();
  for (const until = Date.now() + LONGEST_MS; ;) {
    const { items: waiting } = await ask('/v1/board/gangs?phase=waiting');
    const { items: running } = await ask('/v1/board/gangs?phase=running&sort=members&limit=1');
    const foretold = waiting.filter(({ startsAbout }) => startsAbout !== undefined);
    if (waiting.length >= WAITING && foretold.length >= FORETOLD && running.length > 0)
      return { url, waits: foretold[0].gang, runs: running[0].gang, stop: () => child.kill('SIGTERM') };
    if (Date.now() > until) {
      child.kill();
      throw new Error(
        `${waiting.length} gangs wait in the demo, ${foretold.length} with a start time: too few to show.`,
      );
    }
    await pause(1000);
  }
}

function urlIn(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('exit', (code) => reject(new Error(`muster serve --demo ended with ${code}.`)));
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      // The log goes on for as long as it serves.
      if (text !== undefined) text += piece;
      const [, url] = /"url":"(http:[^"]+)"/.exec(text ?? '') ?? [];
      if (url === undefined) return;
      text = undefined;
      resolve(url);
    });
  });
}
