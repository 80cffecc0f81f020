import { Counter, type Registry } from 'prom-client';
import type { Refusal } from './refusal.ts';

/** Adds the metric of refused readers. @returns what counts one */
export function refusalMetrics(registry: Registry): (refusal: Refusal) => void {
  const refused = new Counter({
    name: 'muster_reads_refused_total',
    help: 'Requests for /v1 of somebody who may not read, by reason: site, host, forwarded, address, token, busy, api-server.',
    labelNames: ['reason'],
    registers: [registry],
  });
  return ({ reason }) => refused.inc({ reason });
}
