import { USER_VARIABLE } from '../../intake/recurrence.ts';
import { Message } from './decoder.ts';
import {
  FLAG,
  inline,
  INTEGER,
  list,
  NAME,
  named,
  one,
  QUANTITIES,
  same,
  TEXT,
  TEXT_MAP,
  TEXTS,
  TIME,
} from './kinds.ts';
import type { Resource } from './envelope.ts';
import { METADATA } from './metadata.ts';

// The numbers are those of k8s.io/api/core/v1/generated.proto. They never change.

const RESOURCES = new Message({ requests: [2, QUANTITIES] });

const VARIABLE = new Message({ name: [1, TEXT], value: [2, TEXT] });

const CONTAINER = new Message({
  name: [1, TEXT],
  image: [2, TEXT],
  args: [4, TEXTS],
  env: [7, named(VARIABLE, USER_VARIABLE)],
  resources: [8, one(RESOURCES)],
  restartPolicy: [24, TEXT],
});

const CONTAINER_STATUS = new Message({
  name: [1, TEXT],
  restartCount: [5, INTEGER],
  allocatedResources: [10, QUANTITIES],
  resources: [11, one(RESOURCES)],
});

const REFERENCE = new Message({ name: [1, NAME] });
const CONFIG_MAP_SOURCE = new Message({ localObjectReference: [1, inline(REFERENCE)] });
const VOLUME_SOURCE = new Message({ configMap: [19, one(CONFIG_MAP_SOURCE)] });
const VOLUME = new Message({ name: [1, NAME], volumeSource: [2, inline(VOLUME_SOURCE)] });

const REQUIREMENT = new Message({ key: [1, TEXT], operator: [2, TEXT], values: [3, TEXTS] });
const TERM = new Message({ matchExpressions: [1, list(REQUIREMENT)], matchFields: [2, list(REQUIREMENT)] });
const SELECTOR = new Message({ nodeSelectorTerms: [1, list(TERM)] });
const NODE_AFFINITY = new Message({ requiredDuringSchedulingIgnoredDuringExecution: [1, one(SELECTOR)] });
const AFFINITY = new Message({ nodeAffinity: [1, one(NODE_AFFINITY)] });

const TOLERATION = new Message({ key: [1, TEXT], operator: [2, TEXT], value: [3, TEXT], effect: [4, TEXT] });
const GATE = new Message({ name: [1, TEXT] });
/** Only whether there is one counts. */
const NATIVE_GANG = new Message({});

const SPEC = new Message({
  volumes: [1, list(VOLUME)],
  containers: [2, same(list(CONTAINER), CONTAINER)],
  terminationGracePeriodSeconds: [4, INTEGER],
  activeDeadlineSeconds: [5, INTEGER],
  nodeSelector: [7, same(TEXT_MAP)],
  nodeName: [10, TEXT],
  hostNetwork: [11, FLAG],
  affinity: [18, same(one(AFFINITY), AFFINITY)],
  schedulerName: [19, TEXT],
  initContainers: [20, same(list(CONTAINER), CONTAINER)],
  tolerations: [22, same(list(TOLERATION), TOLERATION)],
  priorityClassName: [24, TEXT],
  priority: [25, INTEGER],
  preemptionPolicy: [31, TEXT],
  overhead: [32, same(QUANTITIES)],
  schedulingGates: [38, list(GATE)],
  resources: [40, same(one(RESOURCES), RESOURCES)],
  workloadRef: [42, one(NATIVE_GANG)],
  schedulingGroup: [43, one(NATIVE_GANG)],
});

const CONDITION = new Message({ type: [1, TEXT], status: [2, TEXT], reason: [5, TEXT], message: [6, NAME] });

const STATUS = new Message({
  phase: [1, TEXT],
  conditions: [2, same(list(CONDITION), CONDITION)],
  podIP: [6, NAME],
  startTime: [7, TIME],
  containerStatuses: [8, same(list(CONTAINER_STATUS), CONTAINER_STATUS)],
  initContainerStatuses: [10, same(list(CONTAINER_STATUS), CONTAINER_STATUS)],
});

/** core/v1 Pod: the fields that src/intake reads of it. */
export const POD: Resource = {
  kind: 'Pod',
  message: new Message({ metadata: [1, one(METADATA)], spec: [2, one(SPEC)], status: [3, one(STATUS)] }),
};
