import { readLines } from '../../src/kube/read-lines.ts';
import type { ApiStream, Transport } from '../../src/kube/transport.ts';

/** The watch tells of a pod when it gets a node, since it asks for pods with a node alone. */
const BOUND = '/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%21%3D';
/** A load that does not get on for so long is stuck. */
const STUCK_MS = 60_000;

/** Notes when pods are bound, as the API server tells of it. Parses no event, to cost little. */
export class Bindings {
  /** performance.now() of each binding. */
  readonly atMs: number[] = [];
  readonly #admin: Transport;
  #stream: ApiStream | undefined;
  #isStopped = false;

  private constructor(admin: Transport) {
    this.#admin = admin;
  }

  /** From now on; pods that are bound already do not count. */
  static async watch(admin: Transport): Promise<Bindings> {
    const list = (await admin.request({ method: 'GET', path: `${BOUND}&limit=1` })) as Versioned;
    const bindings = new Bindings(admin);
    await bindings.#open(list.metadata.resourceVersion);
    return bindings;
  }

  /** @throws Error where pods remain unbound for a minute */
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

  /** The API server ends a watch that is read too slowly; the next one goes on where it ended. */
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
