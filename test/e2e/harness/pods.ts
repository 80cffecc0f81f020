import { Reflector } from '../../../src/kube/reflector.ts';
import type { Transport } from '../../../src/kube/transport.ts';
import type { Pod } from './objects.ts';

type Listener = (pod: Pod, isGone: boolean) => void;

/** All pods of the API server, as it tells of them; whoever plays a part of the cluster listens. */
export class PodWatch {
  readonly pods = new Map<string, Pod>();
  readonly #listeners: Listener[] = [];
  readonly #reflector: Reflector<Pod>;

  constructor(transport: Transport) {
    this.#reflector = new Reflector<Pod>(
      {
        kind: 'pods',
        path: '/api/v1/pods',
        keyOf: (object) => (object as unknown as Pod).metadata.uid,
        project: (object) => object as unknown as Pod,
        onPut: (uid, pod) => {
          this.pods.set(uid, pod);
          for (const listener of this.#listeners) listener(pod, false);
        },
        onGone: (uid) => {
          const pod = this.pods.get(uid)!;
          this.pods.delete(uid);
          for (const listener of this.#listeners) listener(pod, true);
        },
      },
      { transport, nowMs: () => Date.now(), onNote: () => undefined },
    );
    void this.#reflector.run();
  }

  on(listener: Listener): void {
    this.#listeners.push(listener);
  }

  stop(): void {
    this.#reflector.stop();
  }
}
