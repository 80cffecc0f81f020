import { Config } from '../../config.ts';
import { tenancyFields } from '../../intake/tenancy-schema.ts';
import { isMap } from './shape.ts';

export const FILE_KINDS = {
  policy: 'policy file',
  config: 'config file',
  webhook: 'webhook rules',
  scheduler: 'KubeSchedulerConfiguration',
} as const;
export type FileKind = keyof typeof FILE_KINDS;

/** What stands before the name of a kind in a sentence. */
export const ARTICLES: Readonly<Record<FileKind, string>> = {
  policy: 'a ',
  config: 'a ',
  webhook: '',
  scheduler: 'a ',
};

/**
 * What a file is for, by its content. What is nothing else is taken for a policy file.
 * @param value the first document of the file
 */
export function kindOf(value: unknown): FileKind {
  if (!isMap(value)) return 'policy';
  const { kind, apiVersion } = value;
  if (kind === 'KubeSchedulerConfiguration' || String(apiVersion).startsWith('kubescheduler.config.k8s.io'))
    return 'scheduler';
  const keys = Object.keys(value);
  const POLICY = ['policies', ...Object.keys(tenancyFields)];
  if (keys.some((key) => POLICY.includes(key))) return 'policy';
  if (keys.includes('extenders') || keys.includes('profiles')) return 'scheduler';
  if (keys.includes('rules')) return 'webhook';
  return keys.some((key) => Object.hasOwn(Config.shape, key)) ? 'config' : 'policy';
}

/** The kind of an object of Kubernetes that is none of ours, as tenants and operators write it. */
export function otherObject(value: unknown): string | undefined {
  if (!isMap(value) || typeof value['apiVersion'] !== 'string') return undefined;
  return typeof value['kind'] === 'string' && kindOf(value) === 'policy' ? value['kind'] : undefined;
}
