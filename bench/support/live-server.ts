import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LOOK_MS = 20;
const PATIENCE_MS = 180_000;
const MB = 1e6;
/** Ticks of a processor's clock a second. */
const TICKS = 100;

/** The shipped `muster serve --live`, on an API server. */
export class LiveServer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  /** The seconds from its start until /readyz answered 200. */
  readonly seconds: number;

  private constructor(process: ChildProcess, folder: string, seconds: number) {
    this.#process = process;
    this.#folder = folder;
    this.seconds = seconds;
  }

  /** Resolves when it is ready. @param env settings @throws Error if it exits, or is not ready in time */
  static async start(apiServer: string, env: NodeJS.ProcessEnv = {}): Promise<LiveServer> {
    const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
    const config = {
      clusters: [{ name: 'c', cluster: { server: apiServer, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(config));
    const from = performance.now();
    const args = ['dist/cli.js', 'serve', '--live', '--kubeconfig', kubeconfig, '--port', '0'];
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, args, { stdio: [...stdio], env: { ...process.env, ...env } });
    const url = await urlOf(child);
    const server = () => new LiveServer(child, folder, (performance.now() - from) / 1000);
    while (!(await isReady(url))) {
      if (performance.now() - from > PATIENCE_MS) {
        await server().stop();
        throw new Error(`muster is not ready after ${PATIENCE_MS / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return server();
  }

  /** Resident memory now and at its peak, in MB. */
  memory(): { readonly now: number; readonly most: number } {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    const of = (field: string) => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / MB;
    return { now: of('VmRSS'), most: of('VmHWM') };
  }

  /** Processor time since its start, in seconds. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

/** The URL, from the line that muster logs when it listens. Later lines are read and dropped. */
function urlOf({ stdout, ...child }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stdout!.on('data', (chunk: Buffer) => {
      if (text.length < 100_000) text += chunk.toString();
      const url = /"url":"([^"]+)"/.exec(text)?.[1];
      if (url) resolve(url);
    });
    stdout!.on('end', () => reject(new Error(`muster ended with ${child.exitCode}: ${text}`)));
  });
}

async function isReady(url: string): Promise<boolean> {
  const { status } = await fetch(`${url}/readyz`);
  return status === 200;
}
