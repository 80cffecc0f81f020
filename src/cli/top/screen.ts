/** The whole screen of a terminal, and its keys. */
export interface Terminal {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows' | 'on' | 'off'>;
}

export type Key = 'end' | 'up' | 'down' | 'page up' | 'page down' | 'left' | 'right' | 'home';

const KEYS: Readonly<Record<string, Key>> = {
  q: 'end',
  Q: 'end',
  '\x03': 'end',
  '\x04': 'end',
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  k: 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  j: 'down',
  '\x1b[5~': 'page up',
  '\x1b[6~': 'page down',
  ' ': 'page down',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  '\x1b[H': 'home',
  g: 'home',
};

/** One key: a sequence of the terminal, or a character. */
const PRESSED = new RegExp(
  `${String.fromCharCode(27)}(?:\\[[0-9;]*[A-Za-z~]|O[A-Z])|[^${String.fromCharCode(27)}]`,
  'g',
);

/** Another screen without a cursor; and back to what was there before. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

export interface Screen {
  readonly show: (lines: readonly string[]) => void;
}

/**
 * Takes the whole screen while `use` runs. However it ends (a key, a signal, an error, the process), the terminal is as it
 * was before.
 * @param onKey also called, with undefined, when the terminal changes its size
 */
export async function onWholeScreen(
  { stdin, stdout }: Terminal,
  onKey: (key: Key | undefined) => void,
  use: (screen: Screen) => Promise<void>,
): Promise<void> {
  const onData = (bytes: Buffer) => {
    for (const [text] of bytes.toString('latin1').matchAll(PRESSED)) if (KEYS[text] !== undefined) onKey(KEYS[text]);
  };
  const onSignal = () => onKey('end');
  const onResize = () => onKey(undefined);
  let isTaken = true;
  const restore = () => {
    if (!isTaken) return;
    isTaken = false;
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.once('exit', restore);
  stdout.on('resize', onResize);
  try {
    stdout.write(ENTER);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
    await use({
      show: (lines) => isTaken && stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`),
    });
  } finally {
    restore();
    stdin.off('data', onData);
    stdin.pause();
    stdout.off('resize', onResize);
    process.off('exit', restore);
    for (const signal of signals) process.off(signal, onSignal);
  }
}
