import { MusterError } from '../core/errors.ts';
import type { NodeInfo } from '../core/model.ts';
import type { Resources } from '../core/resources.ts';
import { inspectSource } from '../server/policy-source.ts';
import { capacityLines, capacityOf } from './check-capacity.ts';
import { clusterNodes } from './cluster-nodes.ts';
import { queueTreeLines } from './queue-tree-text.ts';
import { nodesOf } from './workload.ts';

export interface CheckFlags {
  /** Compare guarantees with the nodes of the cluster of `kubeconfig`. */
  readonly cluster?: true;
  readonly kubeconfig?: string;
  /** Compare guarantees with the nodes of this file. */
  readonly nodes?: string;
}

/**
 * Checks every policy file, even after a wrong one; prints its queues as a tree. Warnings change no exit code.
 * @returns the exit code
 * @throws MusterError MUSTER_USAGE; MUSTER_KUBE_CONFIG and others if nodes cannot be read
 */
export async function checkCommand(files: readonly string[], flags: CheckFlags = {}): Promise<number> {
  const nodes = await knownNodes(flags);
  const capacity = nodes && capacityOf(nodes);
  let wrong = 0;
  for (const file of files) {
    try {
      check(file, capacity);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      wrong++;
      process.stderr.write(`muster: ${error.message}\n`);
    }
  }
  return wrong === 0 ? 0 : 1;
}

function check(file: string, capacity: Resources | undefined): void {
  const { rules, warnings } = inspectSource(file);
  const { policies, tenancy } = rules;
  process.stdout.write(`${file}: ok: ${policies.map(({ name }) => name).join(', ')}\n`);
  for (const line of queueTreeLines(tenancy.queues)) process.stdout.write(`  ${line}\n`);
  const inCluster = capacity ? capacityLines(tenancy.queues, capacity) : [];
  for (const line of [...warnings, ...inCluster.map((line) => `${file}: ${line}`)])
    process.stderr.write(`muster: warning: ${line}.\n`);
}

async function knownNodes({ cluster, kubeconfig, nodes }: CheckFlags): Promise<readonly NodeInfo[] | undefined> {
  if (nodes !== undefined && (cluster ?? kubeconfig) !== undefined)
    throw new MusterError('MUSTER_USAGE', 'Give only one of --nodes and --cluster: each says which nodes there are.');
  if (nodes !== undefined) return nodesOf(nodes);
  return (cluster ?? kubeconfig) === undefined ? undefined : clusterNodes(kubeconfig);
}
