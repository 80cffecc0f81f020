import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of bench/processes, which sends one message when it is ready. */
export class Child {
  readonly #process: ChildProcess;
  /** That message, for instance its URL. */
  readonly ready: string;

  private constructor(process: ChildProcess, ready: string) {
    this.#process = process;
    this.ready = ready;
  }

  static async start(name: string, ...args: readonly string[]): Promise<Child> {
    // Once bundled, every bench/*.ts lies in one folder, and its processes below it.
    const file = fileURLToPath(new URL(`processes/${name}.js`, import.meta.url));
    const process = fork(file, args, { serialization: 'advanced', execArgv: ['--expose-gc'] });
    return new Child(process, String(await answerOf(process)));
  }

  /** Sends a message and waits for the answer. */
  async ask(message: object): Promise<unknown> {
    const answer = answerOf(this.#process);
    this.#process.send(message);
    return answer;
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}

function answerOf(process: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${process.spawnfile} ended with ${code}`));
    process.once('exit', onExit);
    process.once('message', (message) => {
      process.off('exit', onExit);
      resolve(message);
    });
  });
}
