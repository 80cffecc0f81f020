import { MusterError } from '../../core/errors.ts';
import type { Membership } from '../../core/model.ts';
import { gangObjectKey, type GangObjectKind } from '../gang-objects.ts';
import { shown } from '../quantity.ts';
import type { Dialect, DialectInput } from './dialect.ts';

/** No gang has more members of a role. */
export const MOST = 10_000;

/** What Kubernetes takes for a label's value, and as long as an object's name may be: annotations may hold anything. */
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/;

/**
 * A dialect of another gang scheduler, for pods of ours alone. What is wrong with a declaration becomes the reason for
 * waiting.
 * @param nameIn the gang's name, unique in its namespace; undefined: the pod says nothing in this dialect
 */
export function forOurs(
  nameIn: (input: DialectInput) => string | undefined,
  read: (input: DialectInput, name: string) => Membership | undefined,
): Dialect {
  return (input) => {
    const { pod, context } = input;
    if (!context.schedulerNames.has(pod.schedulerName)) return undefined;
    let name: string | undefined;
    try {
      name = nameIn(input);
      return name === undefined ? undefined : read(input, name);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      return { gang: `${pod.namespace}/${name ?? pod.name}`, role: '', problem: error.what.replace(/\.$/, '') };
    }
  };
}

/** A member whose gang's declaration, an object of this kind and name, is not there yet. */
export function awaiting({ pod }: DialectInput, kind: GangObjectKind, what: string, name: string): Membership {
  const problem = `${what} ${name} is not there yet`;
  return { gang: `${pod.namespace}/${name}`, role: '', problem, awaits: gangObjectKey(kind, pod.namespace, name) };
}

/** muster's own label or annotation: for dialects that have no word for the queue. */
export function ownQueue({ pod, annotations }: DialectInput): string | undefined {
  return pod.labels.get('muster.dev/queue') || annotations.get('muster.dev/queue') || undefined;
}

/** @throws MusterError MUSTER_OBJECT_INVALID for what is too long for a name or could not be one */
export function checkedName(text: string, where: string): string {
  if (NAME.test(text)) return text;
  throw wrong(`${where}: ${shown(text)} is not a name of at most 253 letters, digits, "-", "_" and "."`);
}

/** A queue's name, in which YuniKorn allows more than in others. @throws MusterError MUSTER_OBJECT_INVALID */
export function checkedQueue(text: string, where: string): string {
  if (/^[!-~]{1,253}$/.test(text)) return text;
  throw wrong(`${where}: ${shown(text)} is not the name of a queue: at most 253 characters, and no blanks`);
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function within(count: number, [least, most]: readonly [number, number], where: string): number {
  if (count >= least && count <= most) return count;
  throw wrong(`${where}: ${count} is not between ${least} and ${most}`);
}

export function wrong(what: string): MusterError {
  return new MusterError('MUSTER_OBJECT_INVALID', `${what}.`);
}
