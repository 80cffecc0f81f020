import { Reflector } from '../../../src/kube/reflector.ts';
import type { Transport } from '../../../src/kube/transport.ts';
import { persist } from './cluster.ts';

/** What the tests read of a ProvisioningRequest. */
export interface ProvisioningRequest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  readonly spec: {
    readonly provisioningClassName: string;
    readonly parameters?: Readonly<Record<string, string>>;
    readonly podSets: readonly { readonly count: number; readonly podTemplateRef: { readonly name: string } }[];
  };
}

interface PodTemplate {
  readonly metadata: { readonly name: string };
  readonly template: {
    readonly spec: {
      readonly containers: readonly { readonly resources: { readonly requests: Readonly<Record<string, string>> } }[];
    };
  };
}

const REQUESTS = '/apis/autoscaling.x-k8s.io/v1/provisioningrequests';
const CORES = 8;

/**
 * Plays cluster-autoscaler: hears of ProvisioningRequests and counts all that ever were, sets conditions, and adds
 * nodes. It acts when a test says so.
 */
export class PlayedAutoscaler {
  readonly #transport: Transport;
  readonly #reflector: Reflector<ProvisioningRequest>;
  readonly requests = new Map<string, ProvisioningRequest>();
  /** UIDs of all requests that ever were, in order. */
  readonly created = new Set<string>();
  #nodes = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reflector = new Reflector<ProvisioningRequest>(
      {
        kind: 'provisioningrequests',
        path: REQUESTS,
        keyOf: (object) => (object as unknown as ProvisioningRequest).metadata.uid,
        project: (object) => object as unknown as ProvisioningRequest,
        onPut: (uid, request) => {
          this.created.add(uid);
          this.requests.set(uid, request);
        },
        onGone: (uid) => this.requests.delete(uid),
      },
      { transport, nowMs: () => Date.now(), onNote: () => undefined },
    );
    void this.#reflector.run();
  }

  stop(): void {
    this.#reflector.stop();
  }

  /** The only request that there is. @throws Error if there is none, or more than one */
  get request(): ProvisioningRequest {
    const [request, ...others] = this.requests.values();
    if (!request || others.length > 0) throw new Error(`there are ${this.requests.size} requests`);
    return request;
  }

  /** All pod templates that there are. */
  async templates(): Promise<readonly PodTemplate[]> {
    const list = await persist(this.#transport, { method: 'GET', path: '/api/v1/podtemplates' });
    return (list as { items: PodTemplate[] }).items;
  }

  /** Sets conditions of the only request. */
  async say(...conditions: readonly (readonly [type: string, status: string, reason: string, message: string])[]) {
    const { namespace, name } = this.request.metadata;
    const lastTransitionTime = new Date().toISOString();
    const all = conditions.map(([type, status, reason, message]) => ({
      type,
      status,
      reason,
      message,
      lastTransitionTime,
    }));
    await persist(this.#transport, {
      method: 'PATCH',
      path: `/apis/autoscaling.x-k8s.io/v1/namespaces/${namespace}/provisioningrequests/${name}/status`,
      body: { status: { conditions: all } },
      contentType: 'application/merge-patch+json',
    });
  }

  /** Provisions the only request: reads its templates, answers, and adds the nodes. @returns how many cores it asks for */
  async provision(): Promise<number> {
    const { spec } = this.request;
    const byName = new Map((await this.templates()).map((one) => [one.metadata.name, one.template.spec]));
    let cores = 0;
    for (const { count, podTemplateRef } of spec.podSets) {
      const found = byName.get(podTemplateRef.name);
      if (!found) throw new Error(`there is no PodTemplate ${podTemplateRef.name}`);
      cores += found.containers.reduce((sum, one) => sum + count * Number(one.resources.requests['cpu']), 0);
    }
    const accepted = ['Accepted', 'True', 'Accepted', 'ProvisioningRequest is accepted'] as const;
    await this.say(accepted, ['Provisioned', 'True', 'CapacityIsProvisioned', 'Capacity is provisioned']);
    for (let left = cores; left > 0; left -= CORES) await this.#addNode();
    return cores;
  }

  async #addNode(): Promise<void> {
    const name = `added-${this.#nodes++}`;
    const amounts = { cpu: String(CORES), memory: '64Gi', pods: '110' };
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
    const body = {
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      status: { capacity: amounts, allocatable: amounts, conditions },
    };
    await persist(this.#transport, { method: 'POST', path: '/api/v1/nodes', body });
  }
}
