import type { GangContext } from '../gang/context.ts';
import { refusalOf, type Gang, type Refusal } from '../gang/gang.ts';
import type { RateWait } from '../queue/rates.ts';

type RateRefusal = Extract<Refusal, { kind: 'rate' }>;

/**
 * The rate that keeps a gang from starting, however much room there is; undefined: none does. Members of an admitted
 * gang are never held up: a part of a gang would hold room in vain.
 */
export function rateOn({ rates }: GangContext, gang: Gang, nowMs: number): RateRefusal | undefined {
  if (!rates.isOn) return undefined;
  const wait = rates.waitOf(gang.spec.namespace, gang.leader.images, nowMs);
  if (!wait) return undefined;
  const reason = reasonOf(wait);
  if (refusalOf(gang)?.reason !== reason) rates.noteWait(wait);
  rates.tryAgain(wait.untilMs);
  return { kind: 'rate', reason, bucket: wait.bucket, untilMs: wait.untilMs };
}

/** Has no figures: kube-scheduler writes it into the pod. */
function reasonOf({ kind, name }: RateWait): string {
  switch (kind) {
    case 'cluster':
      return 'gang waits for the pod rate of the cluster';
    case 'namespace':
      return `gang waits for the pod rate of namespace ${name}`;
    case 'registry':
      return `gang waits for image pulls of registry ${name}`;
  }
}
