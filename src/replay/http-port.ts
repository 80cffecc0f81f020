import { Agent, request as httpRequest } from 'node:http';
import type { FilterAnswer, FilterRequest, NodeScore } from '../core/decision.ts';
import { MusterError } from '../core/errors.ts';
import { toKubernetesPod } from './kubernetes-pod.ts';
import { feedOf, type ExtenderPort } from './sim/port.ts';
import type { ReplayScheduler } from './sim/replay-scheduler.ts';

/** The fields of ExtenderFilterResult that kube-scheduler reads. */
interface FilterResult {
  readonly NodeNames?: readonly string[] | null;
  readonly FailedNodes?: Readonly<Record<string, string>> | null;
  readonly FailedAndUnresolvableNodes?: Readonly<Record<string, string>> | null;
}

/**
 * Calls the extender over HTTP as kube-scheduler does: one connection, one request at a time, whole pods and node
 * names. Cluster events go straight to the server's scheduler, in place of a watch.
 *
 * @param url the URL of the extender
 * @param setNow sets the server's clock to the simulated time before each request
 */
export function httpPort(
  url: string,
  scheduler: ReplayScheduler,
  setNow: (nowMs: number) => void,
): ExtenderPort & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = (verb: string, { pod, candidates }: FilterRequest, nowMs: number) => {
    setNow(nowMs);
    return post(
      agent,
      `${url}/${verb}`,
      JSON.stringify({ Pod: toKubernetesPod(pod), Nodes: null, NodeNames: candidates.names() }),
    );
  };
  return {
    ...feedOf(scheduler),
    filter: async (request, nowMs) => toAnswer((await call('filter', request, nowMs)) as FilterResult),
    prioritize: async (request, nowMs) => {
      const list = (await call('prioritize', request, nowMs)) as readonly {
        readonly Host: string;
        readonly Score: number;
      }[];
      return list.map(({ Host, Score }): NodeScore => ({ node: Host, score: Score }));
    },
    close: () => agent.destroy(),
  };
}

function toAnswer({ NodeNames, FailedNodes, FailedAndUnresolvableNodes }: FilterResult): FilterAnswer {
  const nodes = NodeNames ?? [];
  if (nodes.length === 1) return { kind: 'one', node: nodes[0]! };
  const [reason] = [...Object.values(FailedAndUnresolvableNodes ?? {}), ...Object.values(FailedNodes ?? {})];
  if (nodes.length === 0) return { kind: 'none', reason: reason ?? '' };
  return { kind: 'some', failed: Object.keys(FailedNodes ?? {}), reason: reason ?? '' };
}

function post(agent: Agent, url: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = httpRequest(url, { agent, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else
          reject(
            new MusterError('MUSTER_WIRE_BAD_BODY', `${url} answered ${response.statusCode}: ${text.slice(0, 200)}.`),
          );
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
