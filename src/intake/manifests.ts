import { parseAllDocuments } from 'yaml';
import { MusterError } from '../core/errors.ts';
import type { NodeInfo, PodInfo } from '../core/model.ts';
import { asObject, listAt, textAt, type Json } from './field.ts';
import { toNodeInfo } from './node.ts';
import { toPodInfo } from './pod.ts';
import { shown } from './wording.ts';

export interface Manifests {
  readonly nodes: readonly NodeInfo[];
  readonly pods: readonly PodInfo[];
}

/**
 * Nodes and pods from the output of `kubectl get -o json` or `-o yaml`: one object, a List, or several YAML documents.
 * @param fileName for errors, which name file, item, field and value
 * @throws MusterError MUSTER_OBJECT_INVALID, MUSTER_QUANTITY_INVALID
 */
export function parseManifests(text: string, fileName: string): Manifests {
  const nodes: NodeInfo[] = [];
  const pods: PodInfo[] = [];
  documentsOf(text, fileName).forEach((document, d, all) => {
    if (document === null || document === undefined) return;
    collect(asObject(document, fileName), all.length > 1 ? `${fileName}: document ${d + 1}` : fileName, {
      nodes,
      pods,
    });
  });
  return { nodes, pods };
}

/**
 * The documents of a file, JSON or YAML; empty ones are null.
 * @throws MusterError MUSTER_OBJECT_INVALID naming the file
 */
export function documentsOf(withMark: string, fileName: string): readonly unknown[] {
  const text = withMark.startsWith('\uFEFF') ? withMark.slice(1) : withMark;
  if (/^\s*[{[]/.test(text)) {
    return [orRefused(() => JSON.parse(text) as unknown, fileName)];
  }
  return [...parseAllDocuments(text)].map((document) => {
    const [error] = document.errors;
    if (error) throw new MusterError('MUSTER_OBJECT_INVALID', `${fileName}: ${error.message.split('\n')[0]}.`);
    return orRefused(() => document.toJS({ maxAliasCount: 100 }) as unknown, fileName);
  });
}

/** The parsers throw errors of their own: a syntax error, an alias without anchor, too many aliases. */
function orRefused(parse: () => unknown, fileName: string): unknown {
  try {
    return parse();
  } catch (error) {
    throw new MusterError('MUSTER_OBJECT_INVALID', `${fileName}: ${(error as Error).message}.`, { cause: error });
  }
}

function collect(object: Json, where: string, into: { nodes: NodeInfo[]; pods: PodInfo[] }): void {
  const kind = textAt(object, 'kind', where) ?? '';
  if (kind === 'Node') into.nodes.push(toNodeInfo(object, where));
  else if (kind === 'Pod') into.pods.push(toPodInfo(object, where));
  else if (kind === 'List' || kind === 'NodeList' || kind === 'PodList') {
    listAt(object, 'items', where).forEach((value, i) => {
      const at = `${where}: items[${i}]`;
      const item = asObject(value, at);
      // The API server leaves the items of a NodeList or PodList without a kind.
      collect(kind === 'List' ? item : { ...item, kind: kind.replace('List', '') }, at, into);
    });
  } else
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      `${where}.kind: expected one of Node, Pod, NodeList, PodList, List, got ${shown(kind)}.`,
    );
}
