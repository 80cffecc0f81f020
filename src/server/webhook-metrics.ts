import { Counter, type Registry } from 'prom-client';
import type { WebhookOutcome } from '../webhook/routes.ts';

/** Adds the metrics of the webhook. @returns what counts a review */
export function webhookMetrics(registry: Registry): (outcome: WebhookOutcome) => void {
  const reviews = new Counter({
    name: 'muster_webhook_reviews_total',
    help: 'Pods that the webhook changed, left unchanged, or could not read, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return (outcome) => reviews.inc({ outcome });
}
