import { createHash } from 'node:crypto';

const SWAPPED: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };

/**
 * The suffix that kustomize gives the name of a generated ConfigMap (sigs.k8s.io/kustomize/api/hasher): pods are
 * replaced when the content changes.
 */
export function configMapSuffix(data: Readonly<Record<string, string>>): string {
  const sorted = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
  // kustomize looks for the name where it is not, and takes the empty one.
  const json = asGo(JSON.stringify({ data: sorted, kind: 'ConfigMap', name: '' }));
  const digest = createHash('sha256').update(json).digest('hex').slice(0, 10);
  return digest.replaceAll(/[013ae]/g, (letter) => SWAPPED[letter]!);
}

/** Go's JSON escapes what HTML would take for its own. */
const asGo = (json: string) =>
  json.replaceAll(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
