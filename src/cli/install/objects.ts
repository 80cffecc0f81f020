import { FIRST_WITH_SHORT_REASONS, holds, minorOf, type Choice } from './choice.ts';
import { configMapSuffix } from './config-map-name.ts';
import manifests from './manifests.json' with { type: 'json' };

/** A Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** What deploy/helm/generate.mjs writes: values, and what stands for those that depend on the choice. */
interface Part {
  readonly when?: string;
  readonly key?: string;
  readonly value: unknown;
}
interface Layer {
  readonly $map?: readonly Part[];
  readonly $list?: readonly Part[];
  readonly $either?: readonly Part[];
  readonly $param?: string;
  readonly value?: unknown;
}

/** The objects of a choice: those that `kubectl kustomize` makes of the same overlay, components and settings. */
export function objectsOf(choice: Choice): readonly Manifest[] {
  const layers = manifests as readonly { readonly when?: string; readonly object: unknown }[];
  const objects = layers.filter(({ when }) => holds(when, choice)).map(({ object }) => valueOf(object, choice));
  return named(objects.map((object) => withReasons(object as Manifest, choice)));
}

function valueOf(layer: unknown, choice: Choice): unknown {
  if (typeof layer === 'string') return withNamespace(layer, choice);
  if (Array.isArray(layer)) return layer.map((item) => valueOf(item, choice));
  if (typeof layer !== 'object' || layer === null) return layer;
  const { $map, $list, $either, $param, value } = layer as Layer;
  const chosen = ($map ?? $list ?? $either ?? []).filter(({ when }) => holds(when, choice));
  if ($either) return valueOf(chosen[0]!.value, choice);
  if ($list) return chosen.map((part) => valueOf(part.value, choice));
  if ($map) return Object.fromEntries(chosen.map((part) => [part.key, valueOf(part.value, choice)]));
  if ($param !== undefined) return valueOf(PARAMS[$param]?.(choice, value as never) ?? value, choice);
  return Object.fromEntries(Object.entries(layer).map(([key, inner]) => [key, valueOf(inner, choice)]));
}

const withNamespace = (text: string, { namespace }: Choice) => text.replaceAll('‹namespace›', namespace);

/** What a choice sets; undefined: as it is in the kustomization. */
const PARAMS: Readonly<Record<string, (choice: Choice, usual: string) => unknown>> = {
  replicas: ({ replicas }) => replicas,
  image: ({ image }) => image,
  schedulerImage: ({ version }) => `registry.k8s.io/kube-scheduler:v${version}`,
  policyArg: ({ policy }) => (policy && 'preset' in policy ? `--policy=${policy.preset}` : undefined),
  policies: ({ policy }) => (policy && 'text' in policy ? policy.text : undefined),
  schedulerConfig: ({ isSmall }, usual) =>
    isSmall ? usual.replace('# percentageOfNodesToScore: 100', 'percentageOfNodesToScore: 100') : undefined,
};

/** muster names every node to a kube-scheduler that would otherwise take the others for suitable. */
function withReasons(object: Manifest, { version }: Choice): Manifest {
  if (object.kind !== 'Deployment' || minorOf(version) >= FIRST_WITH_SHORT_REASONS) return object;
  const { spec } = object as unknown as {
    spec: { template: { spec: { containers: { name: string; env?: { name: string; value: string }[] }[] } } };
  };
  const muster = spec.template.spec.containers.find(({ name }) => name === 'muster');
  muster?.env?.push({ name: 'MUSTER_REASONS', value: 'all' });
  return object;
}

const HASH = /‹hash ([^›]*)›/g;

/** Puts the hash of its content into the name of a ConfigMap, and wherever it is named. */
function named(objects: readonly Manifest[]): readonly Manifest[] {
  const suffixes = new Map(
    objects
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.includes('‹hash'))
      .map(({ metadata, data }) => {
        const name = metadata.name.replace(HASH, '');
        return [name, configMapSuffix(data as Record<string, string>)];
      }),
  );
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(HASH, (_, name: string) => `-${suffixes.get(name)}`);
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rename(inner)]));
  };
  return objects.map((object) => rename(object) as Manifest);
}
