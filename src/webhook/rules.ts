import { parseDocument } from 'yaml';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';

const Toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).optional(),
});

const Side = z.strictObject({
  priorityClassName: z.string().min(1).optional(),
  nodeSelector: z.record(z.string().min(1), z.string()).default({}),
  tolerations: z.array(Toleration).default([]),
});

const Rule = z.strictObject({
  namespaces: z.array(z.string().min(1)).min(1).describe('Names of namespaces; * stands for any text.'),
  labels: z.record(z.string(), z.string()).default({}).describe('Labels that the pod must have.'),
  schedulerName: z
    .string()
    .min(1)
    .default('muster')
    .describe('Set on pods without a schedulerName or with default-scheduler.'),
  driver: Side.extend({
    gate: z.boolean().optional().describe('Absent: where the policy file has queues.'),
  }).default({ nodeSelector: {}, tolerations: [] }),
  executor: Side.default({ nodeSelector: {}, tolerations: [] }),
});

const WebhookConfig = z.strictObject({
  rules: z.array(Rule).min(1).max(1000),
  user: z
    .boolean()
    .default(false)
    .describe('Write who creates a pod into its annotation muster.dev/user, whatever the pod says.'),
});
export type WebhookConfig = z.output<typeof WebhookConfig>;
export type WebhookRule = z.output<typeof Rule>;

/**
 * Reads the rules of the webhook: which pods it changes, and how. See docs/webhook.md.
 * @throws MusterError MUSTER_WEBHOOK_INVALID naming the file, the field and the value
 */
export function parseWebhookConfig(text: string, file: string): WebhookConfig {
  const document = parseDocument(text);
  const bad = (what: string) => new MusterError('MUSTER_WEBHOOK_INVALID', `${file}: ${what}.`);
  if (document.errors[0]) throw bad(document.errors[0].message.split('\n')[0]!);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw bad((error as Error).message);
  }
  const parsed = WebhookConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw bad(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`).join('; '));
}
