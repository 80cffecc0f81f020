import { ApiError, type ApiRequest, type Transport } from '../../../src/kube/transport.ts';
import { podPath, type Pod } from './objects.ts';
import type { PodWatch } from './pods.ts';

const RETRY_MS = 200;

/** Tries again while the API server is away or busy; 404 and 409 are answers. */
export async function persist(transport: Transport, request: ApiRequest, tries = 100): Promise<unknown> {
  for (let i = 0; ; i++) {
    try {
      return await transport.request({ timeoutMs: 5000, ...request });
    } catch (error) {
      const isFinal = error instanceof ApiError && error.status < 500 && error.status !== 429;
      if (isFinal || i === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

export interface NodeShape {
  readonly cpu: number;
  readonly memoryGib?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export const nodeName = (i: number) => `node-${String(i).padStart(4, '0')}`;

/** Nodes without a kubelet: Ready, and nobody says otherwise. */
export async function createNodes(
  transport: Transport,
  count: number,
  { cpu, memoryGib = 256, labels = {} }: NodeShape,
): Promise<void> {
  const amounts = { cpu: String(cpu), memory: `${memoryGib}Gi`, pods: '110' };
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: new Date().toISOString() },
  ];
  const create = async (i: number) => {
    const name = nodeName(i);
    const node = {
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
      status: { capacity: amounts, allocatable: amounts, conditions },
    };
    await persist(transport, { method: 'POST', path: '/api/v1/nodes', body: node });
  };
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, j) => create(i + j)));
  }
}

/**
 * Plays every kubelet: a pod that is bound turns Running, one that is being deleted goes. What a pod does then is for
 * others to say.
 */
export class FakeKubelet {
  readonly #transport: Transport;
  readonly #seen = new Set<string>();
  readonly #ending = new Set<string>();
  /** From bound to Running. */
  readonly startMs: number;
  /** From the deletion's request to the end. */
  readonly endMs: number;

  constructor(transport: Transport, watch: PodWatch, { startMs = 100, endMs = 200 } = {}) {
    this.#transport = transport;
    this.startMs = startMs;
    this.endMs = endMs;
    watch.on((pod, isGone) => {
      if (isGone) return;
      if (pod.metadata.deletionTimestamp !== undefined)
        this.#later(this.#ending, pod, this.endMs, () => this.#remove(pod));
      else if (pod.spec.nodeName !== undefined && pod.status.phase === 'Pending') {
        this.#later(this.#seen, pod, this.startMs, () => this.#run(pod));
      }
    });
  }

  #later(once: Set<string>, { metadata: { uid } }: Pod, ms: number, act: () => Promise<unknown>): void {
    if (once.has(uid)) return;
    once.add(uid);
    setTimeout(() => void act().catch(() => once.delete(uid)), ms);
  }

  #run(pod: Pod): Promise<unknown> {
    const now = new Date().toISOString();
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: now }];
    const status = { phase: 'Running', startTime: now, podIP: '127.0.0.1', conditions };
    return patchStatus(this.#transport, pod, status);
  }

  async #remove(pod: Pod): Promise<void> {
    const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    await persist(this.#transport, { method: 'DELETE', path: podPath(pod), body }).catch(ignoreGone);
  }
}

/** The pod has ended by itself. */
export const finish = (transport: Transport, pod: Pod, phase: 'Succeeded' | 'Failed') =>
  patchStatus(transport, pod, { phase });

export const deletePod = (transport: Transport, pod: Pick<Pod, 'metadata'>) =>
  persist(transport, { method: 'DELETE', path: podPath(pod) }).catch(ignoreGone);

function patchStatus(transport: Transport, pod: Pod, status: object): Promise<unknown> {
  const contentType = 'application/strategic-merge-patch+json';
  const path = `${podPath(pod)}/status`;
  return persist(transport, {
    method: 'PATCH',
    path,
    body: { metadata: { uid: pod.metadata.uid }, status },
    contentType,
  }).catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
}
