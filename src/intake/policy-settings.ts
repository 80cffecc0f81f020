import { isSeq, parseDocument, type Node } from 'yaml';
import { MusterError } from '../core/errors.ts';
import type { Rules } from '../core/policy/rules.ts';
import type { QueueSpec } from '../core/policy/tenancy.ts';
import { rulesIn } from './policy-file.ts';
import { policyText } from './policy-text.ts';

/** A field of policies and a value to try: `queue.blockAfter` and `10m`. */
export interface Setting {
  /** Only policies of this name; undefined: all. */
  readonly policy?: string;
  /** The path of the field in a policy, with dots. */
  readonly field: string;
  /** YAML, as it was written. */
  readonly value: string;
}

/** `queue.blockAfter`, `etl:queue.blockAfter` */
export const settingField = ({ policy, field }: Omit<Setting, 'value'>) =>
  `${policy === undefined ? '' : `${policy}:`}${field}`;

/** `queue.blockAfter=10m` */
export const settingText = (setting: Setting) => `${settingField(setting)}=${setting.value}`;

const SETTING = /^(?:([a-z0-9][-a-z0-9]*):)?([^=:\s]+)=(.+)$/s;

/**
 * `queue.blockAfter=0,10m,never` and `etl:queue.blockAfter=5m` as one setting per value. A value may be any YAML:
 * `topology.keys=[rack],[rack, zone]` has two.
 * @throws MusterError MUSTER_USAGE
 */
export function parseSettings(text: string): readonly Setting[] {
  const [, policy, field, values] = SETTING.exec(text) ?? [];
  const items = values === undefined ? undefined : itemsOf(values);
  if (field === undefined || items === undefined || items.length === 0)
    throw new MusterError(
      'MUSTER_USAGE',
      `--set: expected FIELD=VALUE,VALUE such as queue.blockAfter=0,10m,never, or POLICY:FIELD=..., got ${JSON.stringify(text)}.`,
    );
  return items.map((value) => ({ ...(policy === undefined ? {} : { policy }), field, value }));
}

/** The parts of a list in YAML, as they were written; undefined if it is none. */
function itemsOf(text: string): readonly string[] | undefined {
  const list = `[${text}]`;
  const { contents, errors } = parseDocument(list);
  if (errors.length > 0 || !isSeq(contents) || contents.range?.[1] !== list.length) return undefined;
  return contents.items.map((item) => {
    const [start, end] = (item as Node).range ?? [0, 0];
    return list.slice(start, end);
  });
}

/**
 * The rules with these fields of policies set.
 * @param source the file or preset that they come from, for errors
 * @throws MusterError MUSTER_POLICY_INVALID naming source, settings, field and value
 */
export function withSettings(rules: Rules, settings: readonly Setting[], source: string): Rules {
  const { policies } = rules;
  const due = settings.filter(({ policy }) => policies.some(({ name }) => isMeant(policy, name)));
  if (due.length === 0) return rules;
  const document = parseDocument(policyText(rules));
  const name = `${source} with ${due.map((setting) => `--set ${settingText(setting)}`).join(' ')}`;
  for (const { policy, field, value } of due) {
    const path = policy === undefined ? sharedPath(field, rules.tenancy.queues) : undefined;
    if (!path) continue;
    try {
      document.setIn(path, parseDocument(value).contents);
    } catch {
      throw new MusterError('MUSTER_POLICY_INVALID', `${name}: there is no field ${field}.`);
    }
  }
  policies.forEach((policy, i) => {
    for (const { policy: only, field, value } of due) {
      if (!isMeant(only, policy.name) || (only === undefined && isShared(field))) continue;
      try {
        document.setIn(['policies', i, ...field.split('.')], parseDocument(value).contents);
      } catch {
        throw new MusterError('MUSTER_POLICY_INVALID', `${name}: policies[${i}] has no field ${field}.`);
      }
    }
  });
  return rulesIn(String(document), name, () => name);
}

/** Whether the field is one beside the policies: `fairness.memory`, `rates.pods`, `queues.prod.etl.weight`. */
const isShared = (field: string) => /^(fairness|rates|queues)\./.test(field);

/** Where such a field stands in the file: queues go by name. */
function sharedPath(field: string, top: readonly QueueSpec[]): (string | number)[] | undefined {
  if (!isShared(field)) return undefined;
  const [first, ...names] = field.split('.');
  if (first !== 'queues') return [first!, ...names];
  const path: (string | number)[] = [];
  let queues = top;
  for (
    let i = queues.findIndex(({ name }) => name === names[0]);
    i >= 0;
    i = queues.findIndex(({ name }) => name === names[0])
  ) {
    path.push('queues', i);
    queues = queues[i]!.queues;
    names.shift();
  }
  return path.length > 0 ? [...path, ...names] : ['queues', ...names];
}

const isMeant = (only: string | undefined, name: string) => only === undefined || only === name;
