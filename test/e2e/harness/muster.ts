import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { start, waitFor, type Started } from './process.ts';
import { inProject } from './root.ts';

const CLI = inProject('dist/cli.js');

export interface MusterOptions {
  readonly name: string;
  readonly port: number;
  readonly extenderPort: number;
  readonly lease?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built program, as a process of its own, as its service account. */
export class MusterProcess {
  readonly #plane: ControlPlane;
  readonly #options: MusterOptions;
  #started: Started | undefined;

  constructor(plane: ControlPlane, options: MusterOptions) {
    this.#plane = plane;
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  /** Where kube-scheduler asks. */
  get extenderUrl(): string {
    return `http://127.0.0.1:${this.#options.extenderPort}`;
  }

  get logFile(): string {
    return join(this.#plane.folder, `${this.#options.name}.log`);
  }

  get pid(): number {
    return this.#started!.child.pid!;
  }

  start(): void {
    const { name, port, extenderPort, lease, env } = this.#options;
    const args = [CLI, 'serve', '--live', '--kubeconfig', this.#plane.kubeconfig('muster')];
    args.push('--port', String(port), '--extender-port', String(extenderPort));
    if (lease !== undefined) args.push('--scheduler-lease', lease);
    this.#started = start(process.execPath, args, this.logFile, { MUSTER_IDENTITY: name, ...env });
  }

  async ready(): Promise<void> {
    await waitFor('muster /readyz', async () => (await fetch(`${this.url}/readyz`)).ok, this.#started);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#started?.stop(signal);
  }

  async json(path: string): Promise<unknown> {
    return (await fetch(this.url + path)).json();
  }

  /** The value of a metric without labels, or the sum over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
