import { openSync } from 'node:fs';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { Slices } from '../../src/core/work.ts';
import { buildServer } from '../../src/server/app.ts';
import { openLog } from '../../src/server/log.ts';
import { boundTo, node, offer, spark } from '../../test/support/builders.ts';
import { nodeName } from '../support/cluster.ts';

/**
 * muster's server on a cluster of 15,000 nodes with 1,000 running gangs of 100 and 5,000 waiting ones, in 50 queues. Sends
 * its URL. Answers `slices` with the longest slice of each read, in ms.
 */
const [nodes, running, waiting] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const MEMBERS = 99;
const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
for (let i = 0; i < nodes; i++) {
  const labels = { 'topology.kubernetes.io/zone': `zone-${i % 3}`, rack: `rack-${i % 300}` };
  scheduler.observe({ kind: 'node', node: node(nodeName(i), { cpu: 8, memoryGib: 64, labels }) }, 0);
}
const app = (name: string, queue: number, cpu: number) => spark(name, MEMBERS, { cpu, queue: `queue-${queue}` });
for (let i = 0; i < running; i++) {
  const gang = app(`runs-${i}`, i % 50, 1);
  const at = (member: number) => nodeName((i * (MEMBERS + 1) + member) % nodes);
  scheduler.observe({ kind: 'pod', pod: boundTo(gang.leader(), at(MEMBERS)) }, 0);
  for (let m = 0; m < MEMBERS; m++)
    scheduler.observe({ kind: 'pod', pod: boundTo(gang.member('executor', m), at(m)) }, 0);
}
scheduler.observe({ kind: 'synced' }, 0);
const candidates = offer([nodeName(0)]);
for (let i = 0; i < waiting; i++) scheduler.filter({ pod: app(`waits-${i}`, i % 50, 7).leader(), candidates }, i);

const { logger } = openLog({ level: 'info', fd: openSync('/dev/null', 'w') });
const nowMs = () => waiting + performance.now();
const server = buildServer({ scheduler, nowMs, logger, reasons: 'one', maxBodyBytes: 2 ** 28 });

/** Processor time: other processes do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function longest<T>(slices: Slices<T>): number {
  let most = 0;
  for (;;) {
    const from = cpuMs();
    const { done } = slices.next();
    most = Math.max(most, cpuMs() - from);
    if (done) return most;
  }
}

const READS = {
  rows: () => scheduler.board.gangRows(nowMs()),
  map: () => scheduler.board.nodeMap(),
  starts: () => scheduler.board.startTimes(nowMs(), 50),
};

process.on('message', () => {
  const out: Record<string, number> = {};
  for (const [name, read] of Object.entries(READS)) {
    const found: number[] = [];
    const from = cpuMs();
    // The first are those of a cold program.
    for (let i = 0; i < (name === 'starts' ? 3 : 10); i++) found.push(longest<unknown>(read()));
    out[`${name} whole`] = (cpuMs() - from) / found.length;
    out[`${name} longest slice`] = found.sort((a, b) => a - b)[found.length >>> 1]!;
  }
  process.send!(out);
});
process.on('disconnect', () => process.exit(0));
process.send!(await server.app.listen({ host: '127.0.0.1', port: 0 }));
