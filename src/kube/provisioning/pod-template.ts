import type { Constraints, Requirement } from '../../core/model.ts';
import type { RoomPodSet } from '../../core/provisioning/room-request.ts';
import type { Resources } from '../../core/resources.ts';
import { asQuantity } from '../../core/wording.ts';

/** Pods of one request that must be in one domain carry its name under this label. No pod is ever made of them. */
const TOGETHER = 'muster.dev/together';

/**
 * The pod spec that stands for the members of a set: what a scheduler places a pod by, and nothing else. An executor
 * does not exist before its gang starts, so that no other spec could be copied.
 * @param request the name of the request
 */
export function podTemplateSpec(set: RoomPodSet, schedulerName: string, request: string): object {
  const { constraints, together, priorityClass } = set;
  const affinity = affinityOf(constraints, together, request);
  const spec = {
    schedulerName,
    // The API server wants a container with an image.
    containers: [{ name: 'member', image: 'placeholder', resources: resourcesOf(set.request) }],
    ...(constraints.nodeSelector.size > 0 ? { nodeSelector: Object.fromEntries(constraints.nodeSelector) } : {}),
    ...(constraints.tolerations.length > 0 ? { tolerations: constraints.tolerations.map(withoutBlanks) } : {}),
    ...(affinity ? { affinity } : {}),
    ...(priorityClass === undefined ? {} : { priorityClassName: priorityClass }),
  };
  return { ...(together === undefined ? {} : { metadata: { labels: { [TOGETHER]: request } } }), spec };
}

function resourcesOf(request: Resources): object {
  const amounts = [...request].filter(([name, amount]) => name !== 'pods' && amount > 0);
  const quantities = amounts.map(([name, amount]) => [name, asQuantity(name, amount)] as const);
  const fixed = quantities.filter(([name]) => isNeverShared(name));
  return {
    requests: Object.fromEntries(quantities),
    ...(fixed.length > 0 ? { limits: Object.fromEntries(fixed) } : {}),
  };
}

/** Kubernetes wants a limit that equals the request for what containers cannot share: extended resources, huge pages. */
const isNeverShared = (name: string) => name.includes('/') || name.startsWith('hugepages-');

function affinityOf({ affinity }: Constraints, together: string | undefined, request: string): object | undefined {
  const podAffinity = together !== undefined && {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: together, labelSelector: { matchLabels: { [TOGETHER]: request } } },
      ],
    },
  };
  // A term without requirements matches no node.
  const terms = affinity?.filter((term) => term.length > 0).map(termOf);
  const nodeAffinity = terms && {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  };
  return podAffinity || nodeAffinity ? { ...nodeAffinity, ...(podAffinity || {}) } : undefined;
}

function termOf(term: readonly Requirement[]): object {
  const on = (what: Requirement['on']) =>
    term
      .filter((one) => one.on === what)
      .map(({ key, operator, values }) => ({ key, operator, ...(values.length > 0 ? { values } : {}) }));
  const [expressions, fields] = [on('label'), on('name')];
  return {
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
    ...(fields.length > 0 ? { matchFields: fields } : {}),
  };
}

const withoutBlanks = (toleration: object) =>
  Object.fromEntries(Object.entries(toleration).filter(([, v]) => v !== ''));
