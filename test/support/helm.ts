import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT, type Manifest } from './kustomize.ts';

export const CHART = join(ROOT, 'deploy/helm/muster');

/** The cluster's version, as kustomizations have it. */
const KUBE_VERSION = '1.36.3';

/** What Helm's objects have beside those of kustomize: these labels, and the annotation that replaces pods. */
const OF_HELM = {
  labels: ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/version'],
  annotations: ['checksum/config'],
};
/** Lists whose items Kubernetes finds by name. A patch of kustomize moves an item to the front of one. */
const BY_NAME = ['containers', 'env', 'ports', 'volumes', 'volumeMounts'];
/** What kustomize's objects have beside Helm's: a hash in the name of a ConfigMap, which replaces pods as well. */
const OF_KUSTOMIZE = /^(muster-scheduler-config|muster-webhook)-[a-z0-9]{10}$/;

/**
 * Helm's program: that of the version in test/helm/go.mod, built with Go, once, into the user's cache folder.
 * @returns its path, or why there is none
 */
export function findHelm(say: (line: string) => void): { readonly path: string } | string {
  const module = join(ROOT, 'test/helm');
  const version = /helm\.sh\/helm\/v3 (v[\d.]+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))![1]!;
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'muster-helm', version);
  const path = join(cache, 'helm');
  if (existsSync(path)) return { path };
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const go = folders.map((folder) => join(folder, 'go')).find((program) => existsSync(program));
  if (!go) return 'there is no Go, with which Helm is built';
  say(`building helm ${version}: a minute, once; kept in ${cache}`);
  mkdirSync(cache, { recursive: true });
  // Built beside and moved: what a killed build leaves is never taken for Helm.
  const beside = join(cache, `helm.${process.pid}`);
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const stamp = `-s -w -X helm.sh/helm/v3/internal/version.version=${version}`;
  const args = ['build', '-trimpath', '-ldflags', stamp, '-o', beside, 'helm.sh/helm/v3/cmd/helm'];
  execFileSync(go, args, { cwd: module, env, stdio: 'inherit' });
  renameSync(beside, path);
  return { path };
}

/** A choice of values, as YAML or JSON would have them. */
export type Values = Readonly<Record<string, unknown>>;

/** What `helm` says, with its code. Standard input are the values. */
export function helm(path: string, args: readonly string[], values: Values = {}) {
  const { status, stdout, stderr } = spawnSync(path, [...args], { input: JSON.stringify(values), encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

/** The objects that the chart makes of these values. */
export function helmObjects(path: string, values: Values, namespace = 'muster-system'): readonly Manifest[] {
  const place = ['--namespace', namespace, '--kube-version', KUBE_VERSION];
  const { status, out, err } = helm(path, ['template', 'muster', CHART, ...place, '--values', '-'], values);
  if (status !== 0) throw new Error(err);
  const all = parseAllDocuments(out).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest | null;
  });
  return all.filter((object) => object !== null);
}

type Json = Record<string, unknown>;

/** Objects by kind and name, without what only one of Helm and kustomize has. */
export function comparable(objects: readonly Manifest[]): Readonly<Record<string, unknown>> {
  const plain = objects.map((object) => withoutOwn(object) as Manifest);
  const named = plain.map((object) => {
    const { name, namespace = '' } = object.metadata;
    return [`${object.kind} ${namespace}/${name}`, object] as const;
  });
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function withoutOwn(value: unknown): unknown {
  if (typeof value === 'string') return OF_KUSTOMIZE.exec(value)?.[1] ?? value;
  if (Array.isArray(value)) return value.map(withoutOwn);
  if (typeof value !== 'object' || value === null) return value;
  const out = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutOwn(inner)]));
  for (const key of BY_NAME) {
    const list = out[key];
    if (Array.isArray(list)) out[key] = list.toSorted((a: Named, b: Named) => keyOf(a).localeCompare(keyOf(b)));
  }
  for (const [key, own] of Object.entries(OF_HELM)) if (isMap(out[key])) dropOwn(out, key, own);
  return out;
}

interface Named {
  readonly name?: string;
  readonly mountPath?: string;
}
const keyOf = (item: Named) => `${item.name} ${item.mountPath}`;

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function dropOwn(out: Json, key: string, own: readonly string[]) {
  const rest = Object.entries(out[key] as Json).filter(([name]) => !own.includes(name));
  if (rest.length > 0) out[key] = Object.fromEntries(rest);
  else delete out[key];
}
