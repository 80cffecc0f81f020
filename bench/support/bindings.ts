import { readLines } from '../../src/kube/read-lines.ts';
import type { ApiStream, Transport } from '../../src/kube/transport.ts';

/** Selects pods with a node only, so that the watch reports a pod when it is bound. */
const BOUND = '/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%21%3D';
/** A load without progress for this long is stuck. */
const STUCK_MS = 60_000;
const NAME = /"name":"([^"]+)"/;

/** Records when pods are bound, from a watch. It parses no events, to cost little. */
export class Bindings {
  /** performance.now() of each binding, by the pod's name, in their order. */
  readonly atMs = new Map<string, number>();
  readonly #admin: Transport;
  readonly #isCounted: (pod: string) => boolean;
  #stream: ApiStream | undefined;
  #isStopped = false;

  private constructor(admin: Transport, isCounted: (pod: string) => boolean) {
    this.#admin = admin;
    this.#isCounted = isCounted;
  }

  /** Starts the watch. Pods that are bound already do not count, nor those whose names `isCounted` refuses. */
  static async watch(admin: Transport, isCounted: (pod: string) => boolean = () => true): Promise<Bindings> {
    const list = (await admin.request({ method: 'GET', path: `${BOUND}&limit=1` })) as Versioned;
    const bindings = new Bindings(admin, isCounted);
    await bindings.#open(list.metadata.resourceVersion);
    return bindings;
  }

  /** Resolves after `count` bindings. @throws Error if there is no binding for a minute */
  async reach(count: number): Promise<void> {
    if (await this.reaches(() => this.atMs.size >= count)) return;
    throw new Error(`${this.atMs.size} of ${count} pods were bound, then none for a minute`);
  }

  /** Waits until `holds`. @returns false if there is no binding for `stuckMs` before that */
  async reaches(holds: () => boolean, stuckMs = STUCK_MS): Promise<boolean> {
    let [known, sinceMs] = [0, performance.now()];
    while (!holds()) {
      const now = performance.now();
      if (this.atMs.size > known) [known, sinceMs] = [this.atMs.size, now];
      if (now - sinceMs > stuckMs) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.abort();
  }

  /** A watch that begins anew may tell of a pod again. */
  #note(pod: string): void {
    if (!this.atMs.has(pod) && this.#isCounted(pod)) this.atMs.set(pod, performance.now());
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
        last = line;
        if (line.startsWith('{"type":"ADDED"')) this.#note(NAME.exec(line)![1]!);
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
