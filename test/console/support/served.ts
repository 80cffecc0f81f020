import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtCli, written } from '../../support/cli.ts';

/** Queue adhoc may have so many cores. */
const policyFile = (adhocCores: number) => `
policies:
  - { name: batch, topology: { mode: prefer, keys: [topology.kubernetes.io/rack] } }
queues:
  - { name: prod, guaranteed: { cpu: 300 } }
  - { name: adhoc, max: { cpu: ${adhocCores} }, users: { gangs: 5 } }
`;

const NODES = Array.from({ length: 24 }, (_, i) => `demo-${i}`);

/** 24 nodes of 31.5 cores in three zones of two racks, as kubectl lists them. */
const nodeList = () => ({
  kind: 'List',
  items: NODES.map((name, i) => ({
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'topology.kubernetes.io/zone': `zone-${i % 3}`,
        'topology.kubernetes.io/rack': `zone-${i % 3}-rack-${Math.floor(i / 3) % 2}`,
      },
    },
    status: { allocatable: { cpu: '31500m', memory: '120Gi', pods: '110' } },
  })),
});

export interface App {
  readonly name: string;
  readonly executors: number;
  readonly cpu: number;
  readonly queue: string;
  readonly user: string;
}

/** What everybody finds in the cluster: one gang that starts, three that wait. */
export const APPS: readonly App[] = [
  { name: 'nightly-load', executors: 60, cpu: 6, queue: 'prod', user: 'anna' },
  { name: 'report', executors: 12, cpu: 6, queue: 'adhoc', user: 'bo' },
  { name: 'train', executors: 80, cpu: 6, queue: 'prod', user: 'chen' },
  { name: 'huge', executors: 30, cpu: 64, queue: 'prod', user: 'chen' },
];

/** The bundle as it is shipped, serving a cluster from a file; kube-scheduler's part is played. */
export class Served {
  readonly #cli = builtCli();
  readonly #env: Record<string, string>;
  #port = '0';
  #process: ReturnType<ReturnType<typeof builtCli>['start']> | undefined;
  url = '';

  constructor(env: Record<string, string> = {}) {
    this.#env = env;
  }

  get folder(): string {
    return this.#cli.folder;
  }

  /** Starts it; after a stop on the same port. */
  async start(adhocCores = 40): Promise<void> {
    this.setPolicy(adhocCores);
    const nodes = join(this.folder, 'nodes.json');
    writeFileSync(nodes, JSON.stringify(nodeList()));
    const args = ['serve', '--nodes', nodes, '--port', this.#port, '--policy', join(this.folder, 'policy.yaml')];
    this.#process = this.#cli.start(args, this.#env);
    const [, url] = await written(this.#process, /"url":"(http:[^"]+)"/);
    this.url = url!;
    this.#port = new URL(this.url).port;
  }

  async stop(): Promise<void> {
    this.#process?.child.kill('SIGKILL');
    await this.#process?.ended;
  }

  /** Changes the policy file; muster reads it again by itself. */
  setPolicy(adhocCores: number): void {
    writeFileSync(join(this.folder, 'policy.yaml'), policyFile(adhocCores));
  }

  /** Asks about the leader of an app, as kube-scheduler does. @returns the nodes that were answered */
  async ask({ name, executors, cpu, queue, user }: App): Promise<readonly string[]> {
    const requests = { cpu: '1', memory: '2Gi' };
    const roles = [
      { name: 'driver', count: 1, requests },
      { name: 'executor', count: executors, min: executors, requests: { cpu: String(cpu), memory: '8Gi' } },
    ];
    const labels = { 'muster.dev/gang': name, 'muster.dev/role': 'driver' };
    const annotations = {
      'muster.dev/roles': JSON.stringify(roles),
      'muster.dev/queue': queue,
      'muster.dev/user': user,
    };
    const metadata = { name: `${name}-driver`, namespace: 'etl', uid: name, labels, annotations };
    const containers = [{ name: 'main', image: 'spark', resources: { requests } }];
    const pod = { metadata, spec: { schedulerName: 'muster', containers }, status: { phase: 'Pending' } };
    const answer = await fetch(`${this.url}/filter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Pod: pod, Nodes: null, NodeNames: NODES }),
    });
    return ((await answer.json()) as { NodeNames: readonly string[] | null }).NodeNames ?? [];
  }

  async askAll(): Promise<void> {
    for (const app of APPS) await this.ask(app);
  }
}
