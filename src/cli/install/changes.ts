import { counted } from '../../core/wording.ts';
import type { Manifest } from './objects.ts';

/** Fields that are told of one object; kubectl diff tells all. */
const MOST_FIELDS = 3;
/** What every mode has, and nothing else would make. */
const INSTALLED = { kind: 'ClusterRole', name: 'muster' };
const LONGEST_VALUE = 60;

/**
 * What applying objects would change in a cluster, a line each.
 * @param live of the same objects, as the cluster has them; undefined: it has none
 */
export function changeLines(pairs: readonly { readonly object: Manifest; readonly live: Manifest | undefined }[]) {
  const found = pairs.filter(({ live }) => live !== undefined);
  const isInstalled = found.some(
    ({ object }) => object.kind === INSTALLED.kind && object.metadata.name === INSTALLED.name,
  );
  const lines = pairs.flatMap(({ object, live }) => {
    const name = `${object.kind} ${object.metadata.name}`;
    if (live === undefined) return isInstalled ? [`new: ${name}`] : [];
    const fields = differences(object, live, '');
    if (fields.length === 0) return [];
    const more = fields.length > MOST_FIELDS ? [`and ${counted(fields.length - MOST_FIELDS, 'other field')}`] : [];
    return [`changes: ${name}: ${[...fields.slice(0, MOST_FIELDS), ...more].join('; ')}`];
  });
  const isOfHelm = found.some(({ live }) => live?.metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm');
  const helm = isOfHelm ? ['Helm installed what is there: upgrade it with helm, or uninstall it first'] : [];
  const count = `muster is installed: ${counted(lines.length, 'object')} of ${pairs.length} would change`;
  return [isInstalled ? count : 'muster is not installed in this cluster', ...lines, ...helm];
}

/** Fields of the object that the live one has not, or otherwise; what the server adds is no difference. */
function differences(wanted: unknown, live: unknown, path: string): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length)
      return [`${path}: ${wanted.length} items, now ${sizeOf(live)}`];
    return wanted.flatMap((item, i) => differences(item, live[i], `${path}[${i}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const fields = typeof live === 'object' && live !== null ? (live as Record<string, unknown>) : {};
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, fields[key], path ? `${path}.${key}` : key),
    );
  }
  return wanted === live ? [] : [`${path}: ${shown(live)} -> ${shown(wanted)}`];
}

const sizeOf = (value: unknown) => (Array.isArray(value) ? value.length : 'none');

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes('\n') || text.length > LONGEST_VALUE ? 'another text' : text;
}
