import { MusterError } from '../../core/errors.ts';
import type { Membership } from '../../core/model.ts';
import { gangObjectKey, type GangObjectKind } from '../gang-objects.ts';
import { shown } from '../wording.ts';
import type { Dialect, DialectInput } from './dialect.ts';

/** The most members that a role of a gang may have. */
export const MAX_MEMBERS = 10_000;

/** A label value, but as long as an object's name may be. Annotations may hold anything, so names are checked. */
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/;

/**
 * The dialect of another gang scheduler. It applies only to pods whose schedulerName is muster's. A mistake in a
 * declaration becomes the gang's reason for waiting.
 * @param nameIn the gang's name, unique in its namespace; undefined: the pod declares nothing in this dialect
 */
export function foreignDialect(
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
      return { gang: `${pod.namespace}/${name ?? pod.name}`, role: '', problem: problemOf(error) };
    }
  };
}

/** The sentence for a gang's reason: remedy and code are for the operator of muster, not for the owner of the pod. */
export const problemOf = ({ what }: MusterError): string => what.replace(/\.$/, '');

/** A member that waits for the object that declares its gang. */
export function awaiting({ pod }: DialectInput, kind: GangObjectKind, what: string, name: string): Membership {
  const problem = `${what} ${name} does not exist yet`;
  return { gang: `${pod.namespace}/${name}`, role: '', problem, awaits: gangObjectKey(kind, pod.namespace, name) };
}

const OWN = 'muster.dev/queue';
/** Koordinator has no gangs of its own kind to read: its pods name an ElasticQuota beside any declaration. */
const KOORDINATOR = 'quota.scheduling.koordinator.sh/name';

/** The queue that muster's own label or annotation names, or Koordinator's label, for declarations that name none. */
export function ownQueue({ pod, annotations }: DialectInput): string | undefined {
  return pod.labels.get(OWN) || annotations.get(OWN) || pod.labels.get(KOORDINATOR) || undefined;
}

/** @throws MusterError MUSTER_OBJECT_INVALID for a name that is too long or has other characters */
export function checkedName(text: string, where: string): string {
  if (NAME.test(text)) return text;
  throw invalid(`${where}: expected a name of at most 253 letters, digits, "-", "_" and ".", got ${shown(text)}`);
}

/**
 * A queue's name; YuniKorn allows more characters here than in other names. @throws MusterError MUSTER_OBJECT_INVALID
 */
export function checkedQueue(text: string, where: string): string {
  if (/^[!-~]{1,253}$/.test(text)) return text;
  throw invalid(`${where}: expected a queue name of at most 253 characters without spaces, got ${shown(text)}`);
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function checkedCount(count: number, [least, most]: readonly [number, number], where: string): number {
  if (count >= least && count <= most) return count;
  throw invalid(`${where}: must be between ${least} and ${most}, got ${count}`);
}

/** @param what the place, the field and the value, without the full stop */
export function invalid(what: string): MusterError {
  return new MusterError('MUSTER_OBJECT_INVALID', `${what}.`);
}
