import { matchesAny } from '../core/policy/patterns.ts';
import { objectAt, objectsAt, own, textAt, textMapAt, type Json } from '../intake/field.ts';
import { GATE } from '../intake/pod.ts';
import type { WebhookConfig, WebhookRule } from './rules.ts';
import { userPatch } from './user.ts';
import type { PatchOperation } from './patch.ts';

/** Values of schedulerName that the webhook may replace. */
const UNSET_SCHEDULERS = new Set([undefined, '', 'default-scheduler']);

/** Where a new pod comes from. */
export interface Creation {
  readonly namespace: string;
  /** Who creates it, as the API server knows; undefined: it does not say. */
  readonly user?: string | undefined;
  /** Whether drivers get the gate where their rule does not say. */
  readonly isGatedByDefault?: boolean;
}

/**
 * The changes that the first matching rule makes to a new pod: who creates it, and for a Spark pod how it is scheduled.
 * Fields that the pod sets itself stay: a scheduler, a PriorityClass, a key of the node selector, an equal toleration.
 * @throws MusterError MUSTER_OBJECT_INVALID for a pod that cannot be read
 */
export function mutate(pod: Json, from: Creation, { rules, user }: WebhookConfig): readonly PatchOperation[] {
  const metadata = objectAt(pod, 'metadata', 'Pod') ?? {};
  const labels = textMapAt(metadata, 'labels', 'Pod.metadata');
  const rule = rules.find((one) => matches(one, from.namespace, labels));
  if (!rule) return [];
  const isGated = rule.driver.gate ?? from.isGatedByDefault ?? false;
  return [...(user ? userPatch(metadata, from.user) : []), ...sparkPatch(pod, labels, rule, isGated)];
}

function sparkPatch(
  pod: Json,
  labels: ReadonlyMap<string, string>,
  rule: WebhookRule,
  isGated: boolean,
): readonly PatchOperation[] {
  const spec = objectAt(pod, 'spec', 'Pod');
  const role = labels.get('spark-role');
  if (!spec || (role !== 'driver' && role !== 'executor') || isPlacedByOthers(spec)) return [];
  const scheduler = textAt(spec, 'schedulerName', 'Pod.spec');
  const isOurs = UNSET_SCHEDULERS.has(scheduler) || scheduler === rule.schedulerName;
  if (!isOurs) return [];
  return [
    ...(UNSET_SCHEDULERS.has(scheduler)
      ? [{ op: 'add', path: '/spec/schedulerName', value: rule.schedulerName } as const]
      : []),
    ...priorityPatch(spec, rule[role].priorityClassName),
    ...selectorPatch(spec, rule[role].nodeSelector),
    ...tolerationPatch(spec, rule[role].tolerations),
    ...(role === 'driver' && isGated ? gatePatch(spec) : []),
  ];
}

/** Whether the pod is bound already, or in a gang that kube-scheduler itself schedules. */
function isPlacedByOthers(spec: Json): boolean {
  return ['nodeName', 'schedulingGroup', 'workloadRef'].some((key) => Boolean(own(spec, key)));
}

function matches({ namespaces, labels }: WebhookRule, namespace: string, has: ReadonlyMap<string, string>): boolean {
  if (!matchesAny(namespaces, namespace)) return false;
  return Object.entries(labels).every(([key, value]) => has.get(key) === value);
}

/**
 * The Priority admission plugin resolves the class before webhooks run, and again after a change. The webhook must
 * remove the resolved fields, or the plugin rejects the pod as contradictory (plugin/pkg/admission/priority, 1.36).
 */
function priorityPatch(spec: Json, name: string | undefined): PatchOperation[] {
  if (name === undefined || textAt(spec, 'priorityClassName', 'Pod.spec')) return [];
  const resolved = ['priority', 'preemptionPolicy'].filter((key) => own(spec, key) !== undefined);
  return [
    { op: 'add', path: '/spec/priorityClassName', value: name },
    ...resolved.map((key) => ({ op: 'remove', path: `/spec/${key}` }) as const),
  ];
}

function selectorPatch(spec: Json, wanted: Readonly<Record<string, string>>): PatchOperation[] {
  const has = textMapAt(spec, 'nodeSelector', 'Pod.spec');
  const missing = Object.entries(wanted).filter(([key]) => !has.has(key));
  if (missing.length === 0) return [];
  return [
    { op: 'add', path: '/spec/nodeSelector', value: { ...Object.fromEntries(has), ...Object.fromEntries(missing) } },
  ];
}

function tolerationPatch(spec: Json, wanted: WebhookRule['driver']['tolerations']): PatchOperation[] {
  const has = objectsAt(spec, 'tolerations', 'Pod.spec');
  const key = (one: Json) =>
    JSON.stringify(['key', 'operator', 'value', 'effect'].map((field) => own(one, field) ?? ''));
  const known = new Set(has.map(key));
  const missing = wanted.filter((one) => !known.has(key(one)));
  if (missing.length === 0) return [];
  return [{ op: 'add', path: '/spec/tolerations', value: [...has, ...missing] }];
}

/** Adds muster's gate. Executors need none, since their places are reserved already. */
function gatePatch(spec: Json): PatchOperation[] {
  const has = objectsAt(spec, 'schedulingGates', 'Pod.spec');
  if (has.some((gate) => own(gate, 'name') === GATE)) return [];
  return [{ op: 'add', path: '/spec/schedulingGates', value: [...has, { name: GATE }] }];
}
