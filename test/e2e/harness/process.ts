import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Started {
  readonly child: ChildProcess;
  readonly logFile: string;
  /** Ends it and waits until it is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  readonly isRunning: () => boolean;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program whose output goes to a file. */
export function start(command: string, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv = {}): Started {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  running.add(child);
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  void ended.then(() => running.delete(child));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (isRunning()) child.kill(signal);
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  };
  return { child, logFile, stop, isRunning };
}

/** @throws with the end of the log where it never becomes true, or the program ends first */
export async function waitFor(
  what: string,
  holds: () => Promise<boolean>,
  started?: Started,
  patienceMs = 60_000,
): Promise<void> {
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    if (await holds().catch(() => false)) return;
    if (started && !started.isRunning()) throw new Error(`${what}: the program ended\n${tailOf(started.logFile)}`);
    if (Date.now() > giveUp)
      throw new Error(`${what}: not within ${patienceMs} ms\n${started ? tailOf(started.logFile) : ''}`);
    await sleep(50);
  }
}

/** The end of a log. */
export const tailOf = (file: string, lines = 30) => readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
