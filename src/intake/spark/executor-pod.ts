import type { Role } from '../../core/model.ts';
import { constraintsOf } from '../constraints.ts';
import { objectAt, objectsAt, textAt, type Json } from '../field.ts';
import { podRequest } from '../pod-request.ts';
import { executorMemoryMib, type SparkVersion } from './executor-memory.ts';
import { integer, type SparkConf } from './sizes.ts';

export interface ExecutorSources {
  readonly conf: SparkConf;
  readonly version: SparkVersion;
  /** The executors' pod template. */
  readonly template?: Json | undefined;
  /** The part of a PodSpec that an operator's webhook adds to the pod. */
  readonly added?: Json | undefined;
}

/** The request, constraints and class that executors will have, worked out before there is one. */
export function executorShape(sources: ExecutorSources): Pick<Role, 'request' | 'constraints' | 'priorityClass'> {
  const spec = executorSpec(sources);
  const where = 'executor pod';
  const priorityClass = textAt(spec, 'priorityClassName', `${where}.spec`);
  const shape = { request: podRequest({ spec }, where), constraints: constraintsOf(spec, `${where}.spec`) };
  return priorityClass ? { ...shape, priorityClass } : shape;
}

/** The executor's requests as Spark sets them: cpu from the conf, memory in Mi, custom resources. */
export function executorRequests({ conf, version }: ExecutorSources): Record<string, string> {
  const cores = integer(conf, 'spark.executor.cores') ?? 1;
  const cpu = conf.get('spark.kubernetes.executor.request.cores') ?? String(cores);
  const out: Record<string, string> = { cpu, memory: `${executorMemoryMib(conf, version)}Mi` };
  for (const [key, amount] of conf) {
    const name = /^spark\.executor\.resource\.([^.]+)\.amount$/.exec(key)?.[1];
    const vendor = name === undefined ? undefined : conf.get(`spark.executor.resource.${name}.vendor`);
    if (name !== undefined && vendor !== undefined) out[`${vendor}/${name}`] = amount;
  }
  return out;
}

/**
 * Spark sets cpu and memory of its own container and keeps the rest of the template: other resources, sidecars, init
 * containers, constraints. An operator's webhook adds to that.
 */
function executorSpec(sources: ExecutorSources): Json {
  const template = objectAt(sources.template ?? {}, 'spec', 'executor pod template') ?? {};
  const { added = {} } = sources;
  const at = 'executor pod template.spec';
  const listed = objectsAt(template, 'containers', at);
  const wanted = sources.conf.get('spark.kubernetes.executor.podTemplateContainerName');
  const main = listed.find((one) => wanted !== undefined && one['name'] === wanted) ?? listed[0] ?? {};
  const kept = requestsOf(main);
  const requests = { ...kept, ...executorRequests(sources) };
  const others = [...listed.filter((one) => one !== main), ...objectsAt(added, 'containers', 'SparkApplication')];
  const both = (key: string) => [...objectsAt(template, key, at), ...objectsAt(added, key, 'SparkApplication')];
  return {
    containers: [{ resources: { requests } }, ...others.map(withRequests)],
    initContainers: both('initContainers').map(withRequests),
    nodeSelector: nodeSelector(sources, template),
    tolerations: both('tolerations'),
    affinity: objectAt(added, 'affinity', 'SparkApplication') ?? objectAt(template, 'affinity', at) ?? null,
    overhead: template['overhead'] ?? null,
    priorityClassName: added['priorityClassName'] ?? template['priorityClassName'] ?? null,
  };
}

/** Requests, defaulted to the limits as the API server does. */
function requestsOf(container: Json): Json {
  const resources = objectAt(container, 'resources', 'container') ?? {};
  const at = 'container.resources';
  return { ...objectAt(resources, 'limits', at), ...objectAt(resources, 'requests', at) };
}

function withRequests(container: Json): Json {
  const policy = textAt(container, 'restartPolicy', 'container');
  return { resources: { requests: requestsOf(container) }, ...(policy === undefined ? {} : { restartPolicy: policy }) };
}

function nodeSelector({ conf, added = {} }: ExecutorSources, template: Json): Json {
  const out: Record<string, unknown> = { ...objectAt(template, 'nodeSelector', 'executor pod template.spec') };
  for (const prefix of ['spark.kubernetes.node.selector.', 'spark.kubernetes.executor.node.selector.']) {
    for (const [key, value] of conf) if (key.startsWith(prefix)) out[key.slice(prefix.length)] = value;
  }
  return { ...out, ...objectAt(added, 'nodeSelector', 'SparkApplication') };
}
