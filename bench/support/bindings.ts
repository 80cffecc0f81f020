import { readLines } from '../../src/kube/read-lines.ts';
import type { ApiStream, Transport } from '../../src/kube/transport.ts';

/** Selects pods with a node only, so that the watch reports a pod when it is bound. */
const BOUND = '/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%21%3D';
/** A load without progress for this long is stuck. */
const STUCK_MS = 60_000;

/** Records when pods are bound, from a watch. It parses no events, to cost little. */
export class Bindings {
  /** performance.now() of each binding. */
  readonly atMs: number[] = [];
  readonly #admin: Transport;
  #stream: ApiStream | undefined;
  #isStopped = false;

  private constructor(admin: Transport) {
    this.#admin = admin;
  }

  /** Starts the watch. Pods that are bound already do not count. */
  static async watch(admin: Transport): Promise<Bindings> {
    const list = (await admin.request({ method: 'GET', path: `${BOUND}&limit=1` })) as Versioned;
    const bindings = new Bindings(admin);
    await bindings.#open(list.metadata.resourceVersion);
    return bindings;
  }

  /** Resolves after `count` bindings. @throws Error if there is no binding for a minute */
  async reach(count: number): Promise<void> {
    let [known, sinceMs] = [0, performance.now()];
    while (this.atMs.length < count) {
      const now = performance.now();
      if (this.atMs.length > known) [known, sinceMs] = [this.atMs.length, now];
      if (now - sinceMs > STUCK_MS) throw new Error(`${known} of ${count} pods were bound, then none for a minute`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.abort();
  }

  async #open(version: string): Promise<void> {
    const path = `${BOUND}&watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;
    this.#stream = await this.#admin.stream(path);
    void this.#read(this.#stream, version);
  }

  /** Reads a watch. The API server ends a watch that is read too slowly; the next one continues where it ended. */
  async #read({ chunks }: ApiStream, version: string): Promise<void> {
    let last = '';
    try {
      for await (const line of readLines(chunks)) {
        if (line.startsWith('{"type":"ADDED"')) this.atMs.push(performance.now());
        last = line;
      }
    } catch {
      // Aborted, by `stop` or by the server.
    }
    if (this.#isStopped) return;
    const { object } = last === '' ? { object: undefined } : (JSON.parse(last) as { object: Versioned });
    await this.#open(object?.metadata.resourceVersion ?? version);
  }
}

interface Versioned {
  readonly metadata: { readonly resourceVersion: string };
}
