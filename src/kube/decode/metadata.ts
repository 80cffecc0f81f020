import { Message } from './decoder.ts';
import { FLAG, list, NAME, NAME_MAP, same, TEXT, TEXT_MAP, TIME } from './kinds.ts';

// The numbers are those of k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto. They never change.

const OWNER = new Message({
  kind: [1, TEXT],
  name: [3, NAME],
  uid: [4, NAME],
  apiVersion: [5, TEXT],
  controller: [6, FLAG],
});

/** meta.v1 ObjectMeta. */
export const METADATA = new Message({
  name: [1, NAME],
  namespace: [3, TEXT],
  uid: [5, NAME],
  resourceVersion: [6, NAME],
  creationTimestamp: [8, TIME],
  deletionTimestamp: [9, TIME],
  labels: [11, same(TEXT_MAP)],
  annotations: [12, NAME_MAP],
  ownerReferences: [13, same(list(OWNER), OWNER)],
});
