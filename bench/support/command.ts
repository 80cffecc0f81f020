import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** As much of what a failed command said as is repeated: an error stands at the end. */
const TAIL_LINES = 100;

export interface CommandContext {
  readonly cwd: string;
  readonly stop: AbortSignal;
  /** Beside this process's own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end. It leads a process group of its own, so that what it started ends with it, also where it is
 * stopped or this process ends.
 * @returns its standard output. @throws Error with the end of what it said, where it fails
 */
export async function outputOf([command, ...args]: readonly string[], context: CommandContext): Promise<string> {
  const { cwd, stop, env } = context;
  stop.throwIfAborted();
  const child = spawn(command!, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const end = () => endGroup(child);
  stop.addEventListener('abort', end);
  // First of all at exit: what still writes cannot be removed.
  process.prependListener('exit', end);
  // A server that it left behind would keep its output open.
  child.once('exit', end);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    stop.throwIfAborted();
    if (code === 0) return stdout();
    const said = (stderr().trim() || stdout().trim()).split('\n').slice(-TAIL_LINES).join('\n');
    throw new Error(`"${[command, ...args].join(' ')}" ended with ${code ?? signal}:\n${said}`);
  } finally {
    stop.removeEventListener('abort', end);
    process.off('exit', end);
  }
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
