import { Counter, Gauge, type Registry } from 'prom-client';
import { ROOM_REQUEST_STATES } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Provisioner } from '../kube/provisioning/provisioner.ts';

/** Adds the metrics of requests to the autoscaler, which are read on each scrape; none where it is not asked. */
export function provisioningMetrics(
  registry: Registry,
  scheduler: Pick<Scheduler, 'roomRequestCounts'>,
  provisioner: Pick<Provisioner, 'isAvailable' | 'writes'> | undefined,
): void {
  if (!provisioner) return;
  const registers = [registry];
  new Gauge({
    name: 'muster_provisioning_requests',
    help: 'Requests to the autoscaler for nodes for a gang, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = scheduler.roomRequestCounts();
      for (const state of ROOM_REQUEST_STATES) this.set({ state }, counts.get(state) ?? 0);
    },
  });
  new Gauge({
    name: 'muster_provisioning_available',
    help: '1: the API server has ProvisioningRequests, and muster may read them.',
    registers,
    collect() {
      this.set(provisioner.isAvailable ? 1 : 0);
    },
  });
  new Counter({
    name: 'muster_provisioning_writes_total',
    help: 'Requests to the autoscaler written (ask) and deleted (withdraw), by outcome.',
    labelNames: ['write', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [key, count] of provisioner.writes) {
        const [write = '', outcome = ''] = key.split(' ');
        this.inc({ write, outcome }, count);
      }
    },
  });
}
