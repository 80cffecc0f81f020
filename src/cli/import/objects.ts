import { asObject, listAt, objectAt, own, textAt, type Json } from '../../intake/field.ts';
import { documentsOf } from '../../intake/manifests.ts';

/** An object of a file. */
export interface Found {
  readonly object: Json;
  readonly kind: string;
  /** Its place, for notes and errors. */
  readonly where: string;
}

/**
 * The objects of a file, YAML or JSON: lists are taken apart, and a ConfigMap's `queues.yaml` is read.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function objectsIn(text: string, fileName: string): readonly Found[] {
  return documentsOf(text, fileName).flatMap((document) =>
    document === null || document === undefined ? [] : found(asObject(document, fileName), fileName),
  );
}

function found(object: Json, fileName: string, ofList?: string): readonly Found[] {
  const kind = textAt(object, 'kind', fileName) ?? ofList ?? '';
  if (kind === 'List' || (kind.endsWith('List') && own(object, 'items') !== undefined)) {
    const each = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
    return listAt(object, 'items', fileName).flatMap((item) => found(asObject(item, fileName), fileName, each));
  }
  if (kind === 'ConfigMap') {
    const config = textAt(objectAt(object, 'data', fileName) ?? {}, 'queues.yaml', `${fileName}: data`);
    if (config !== undefined) return objectsIn(config, `${fileName}: queues.yaml`);
  }
  const name = textAt(objectAt(object, 'metadata', fileName) ?? {}, 'name', fileName);
  return [{ object, kind, where: name === undefined ? fileName : `${kind} ${name}` }];
}
