import { readFileSync } from 'node:fs';
import { MusterError } from '../../core/errors.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import { counted } from '../../core/wording.ts';
import type { InspectedRules } from '../../intake/policy-file.ts';
import { tenancyFields } from '../../intake/tenancy-schema.ts';
import { inspectSource } from '../../server/policy-source.ts';
import { parseWebhookConfig } from '../../webhook/rules.ts';
import { configFindings, schedulerNamesIn } from './config-file.ts';
import { fileText, reported, type FieldFinding, type FileText } from './document.ts';
import { ARTICLES, FILE_KINDS, kindOf, otherObject, type FileKind } from './kind.ts';
import { schedulerFindings } from './scheduler-file.ts';
import { isMap } from './shape.ts';
import { capacityLines, capacityOf } from './capacity.ts';
import { clusterNodes } from '../cluster-nodes.ts';
import { queueTreeLines } from '../queue-tree-text.ts';
import { nodesOf } from '../workload.ts';

export interface CheckFlags {
  /** Compare guarantees with the nodes of the cluster of `kubeconfig`. */
  readonly cluster?: true;
  readonly kubeconfig?: string;
  /** Compare guarantees with the nodes of this file. */
  readonly nodes?: string;
}

/**
 * Checks every file, even after a wrong one, by what it is: policies (and prints their queues as a tree), muster's config,
 * rules of the webhook, or a KubeSchedulerConfiguration. Warnings change no exit code.
 * @returns the exit code
 * @throws MusterError MUSTER_USAGE; MUSTER_KUBE_CONFIG and others if nodes cannot be read
 */
export async function checkCommand(files: readonly string[], flags: CheckFlags = {}): Promise<number> {
  const nodes = await knownNodes(flags);
  const texts = files.map(read);
  const configs = texts.filter((text) => text && kindOf(text.value) === 'config');
  const known: Known = {
    capacity: nodes && capacityOf(nodes),
    schedulerNames: configs.map((text) => schedulerNamesIn(text!.value)).find((names) => names !== undefined),
  };
  let wrong = 0;
  for (const [i, file] of files.entries()) {
    try {
      check(file, texts[i], known);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      wrong++;
      process.stderr.write(`muster: ${error.message}\n`);
    }
  }
  return wrong === 0 ? 0 : 1;
}

interface Known {
  readonly capacity: Resources | undefined;
  /** Of a config file that is checked, too. */
  readonly schedulerNames: readonly string[] | undefined;
}

/** undefined: there is no such file; it may be the name of a preset. */
function read(file: string): FileText | undefined {
  try {
    return fileText(file, readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function check(file: string, text: FileText | undefined, known: Known): void {
  const kind = text === undefined ? 'policy' : kindOf(text.value);
  const told = (what: string) => process.stdout.write(`${file}: ok: ${FILE_KINDS[kind]}${what}\n`);
  const warn = (lines: readonly string[]) => {
    for (const line of lines) process.stderr.write(`muster: warning: ${line}.\n`);
  };
  if (kind === 'policy' || text === undefined) {
    const { rules, warnings } = inspected(file, text);
    const { queues } = rules.tenancy;
    told(`: ${rules.policies.map(({ name }) => name).join(', ')}`);
    for (const line of queueTreeLines(queues)) process.stdout.write(`  ${line}\n`);
    const inCluster = known.capacity ? capacityLines(queues, known.capacity) : [];
    return warn([...warnings, ...inCluster.map((line) => `${file}: ${line}`)]);
  }
  const found = (find: () => readonly FieldFinding[]) => ofKind(kind, () => reported(text, find));
  if (kind === 'webhook') {
    const { rules } = ofKind(kind, () => parseWebhookConfig(text.text, file));
    told(`: ${counted(rules.length, 'rule')}`);
  } else {
    const warnings = found(() =>
      kind === 'config' ? configFindings(text.value) : schedulerFindings(text.value, known),
    );
    told('');
    warn(warnings);
  }
}

function inspected(file: string, text: FileText | undefined): InspectedRules {
  const object = text && otherObject(text.value);
  if (object !== undefined)
    throw new MusterError(
      'MUSTER_USAGE',
      `${file}: kind ${object}; muster check knows policy files, config files, webhook rules and KubeSchedulerConfigurations. muster eta says when an app would start, and kubectl apply --dry-run=server checks objects.`,
    );
  // A file that has nothing of a policy file may be meant as another kind.
  if (
    text === undefined ||
    !isMap(text.value) ||
    Object.keys(text.value).some((key) => key === 'policies' || Object.hasOwn(tenancyFields, key))
  )
    return inspectSource(file);
  return ofKind(
    'policy',
    () => inspectSource(file),
    ` (other kinds: ${Object.values(FILE_KINDS).slice(1).join(', ')})`,
  );
}

/** A mistake says for what the file was taken. */
function ofKind<T>(kind: FileKind, use: () => T, more = ''): T {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    const what = `${error.what.replace(/\.$/, '')}; taken for ${ARTICLES[kind]}${FILE_KINDS[kind]}${more}.`;
    throw new MusterError(error.code, what, { cause: error });
  }
}

async function knownNodes({ cluster, kubeconfig, nodes }: CheckFlags): Promise<readonly NodeInfo[] | undefined> {
  if (nodes !== undefined && (cluster ?? kubeconfig) !== undefined)
    throw new MusterError('MUSTER_USAGE', 'Give only one of --nodes and --cluster: each says which nodes there are.');
  if (nodes !== undefined) return nodesOf(nodes);
  return (cluster ?? kubeconfig) === undefined ? undefined : clusterNodes(kubeconfig);
}
