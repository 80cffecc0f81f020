import { listAt, objectAt, own, type Json } from './field.ts';

/** An owner of a pod as it says itself: whoever may create a pod may write any. */
interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly isController: boolean;
}

/** The owners that a pod names, without those that lack a field. */
export function* ownersOf(pod: Json): Generator<Owner> {
  for (const owner of listAt(objectAt(pod, 'metadata', 'Pod') ?? {}, 'ownerReferences', 'Pod.metadata')) {
    if (typeof owner !== 'object' || owner === null) continue;
    const [apiVersion, kind, name] = ['apiVersion', 'kind', 'name'].map((key) => own(owner as Json, key));
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string' || name === '') continue;
    yield { apiVersion, kind, name, isController: own(owner as Json, 'controller') === true };
  }
}
