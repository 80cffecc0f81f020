import { Message } from './decoder.ts';
import { FLAG, list, one, QUANTITIES, same, TEXT, TEXTS } from './kinds.ts';
import type { Resource } from './envelope.ts';
import { METADATA } from './metadata.ts';

// The numbers are those of k8s.io/api/core/v1/generated.proto. They never change.

const TAINT = new Message({ key: [1, TEXT], value: [2, TEXT], effect: [3, TEXT] });
const SPEC = new Message({ unschedulable: [4, FLAG], taints: [5, list(TAINT)] });
const IMAGE = new Message({ names: [1, TEXTS] });
const STATUS = new Message({ allocatable: [2, same(QUANTITIES)], images: [8, list(IMAGE)] });

/** core/v1 Node: the fields that src/intake reads of it. */
export const NODE: Resource = {
  kind: 'Node',
  message: new Message({ metadata: [1, one(METADATA)], spec: [2, one(SPEC)], status: [3, one(STATUS)] }),
};
