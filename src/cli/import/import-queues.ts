import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { MusterError } from '../../core/errors.ts';
import type { Plain } from '../../intake/plain-text.ts';
import { inspectRules } from '../../intake/policy-file.ts';
import { Import, labelOf, type Draft } from './draft.ts';
import { importElasticQuotas } from './elastic-quota.ts';
import { importKueue } from './kueue.ts';
import { objectsIn, type Found } from './objects.ts';
import { importVolcano } from './volcano.ts';
import { importYunikorn } from './yunikorn.ts';

const KUEUE = ['ClusterQueue', 'Cohort', 'LocalQueue', 'ResourceFlavor'];

/**
 * `muster import queues`: a policy file with the queues of another scheduler, on standard output.
 * @returns the exit code
 * @throws MusterError MUSTER_FILE_UNREADABLE, MUSTER_OBJECT_INVALID, MUSTER_POLICY_INVALID
 */
export function importQueuesCommand(files: readonly string[]): number {
  const found = files.flatMap((file) => objectsIn(readText(file), file));
  const { text, notes } = importQueues(found);
  for (const note of notes) process.stderr.write(`muster: note: ${note}.\n`);
  process.stdout.write(text);
  return 0;
}

/** The policy file, and what has no counterpart: as its first lines, too. */
export function importQueues(found: readonly Found[]): { readonly text: string; readonly notes: readonly string[] } {
  const into = new Import();
  const of = (isOne: (one: Found) => boolean) => found.filter(isOne);
  const yunikorns = of(({ object }) => Array.isArray(object['partitions']));
  for (const one of yunikorns) importYunikorn(one, into);
  const volcanos = of(({ kind, object }) => kind === 'Queue' && !/^kueue|^run\.ai/.test(String(object['apiVersion'])));
  if (volcanos.length > 0) importVolcano(volcanos, into);
  const kueues = of(({ kind }) => KUEUE.includes(kind));
  if (kueues.length > 0) importKueue(kueues, into);
  const quotas = of(({ kind }) => kind === 'ElasticQuota');
  if (quotas.length > 0) importElasticQuotas(quotas, into);
  const used = new Set([...yunikorns, ...volcanos, ...kueues, ...quotas]);
  for (const one of found) {
    const { kind, where } = one;
    if (!used.has(one)) into.note(where, `kind ${kind || 'unknown'} says nothing of queues; left out`);
  }
  if (into.queues.length === 0)
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      'The files hold no queues: expected queues.yaml of YuniKorn, Queues of Volcano, ClusterQueues of Kueue or ElasticQuotas.',
    );
  return written(into);
}

/** For mistakes in what was made. */
const MADE = 'the imported file';

function written(into: Import): { readonly text: string; readonly notes: readonly string[] } {
  const queues = plainQueues(into.queues, into);
  const rules = into.rules.length > 0 ? { queueRules: into.rules } : {};
  const body = stringify({ queues, ...rules }, { aliasDuplicateObjects: false });
  const { warnings } = inspectRules(body, MADE);
  // Their lines would be those of the file without its first lines.
  const notes = [...into.notes, ...warnings.map((one) => one.replace(/^[^:]*:\d+: /, ''))];
  const head = ['Made by muster import queues. Read it, and run muster check before use.', ...notes];
  return { text: `${head.map((line) => `# ${line.replace(/\s+/g, ' ')}\n`).join('')}${body}`, notes };
}

function plainQueues(queues: readonly Draft[], into: Import): Plain[] {
  return queues.map(({ name, fields, below }) => {
    const label = labelOf(name);
    if (label !== name) into.note(name, `is called ${label}: names are DNS labels in muster`);
    return { name: label, ...fields, ...(below.length > 0 ? { queues: plainQueues(below, into) } : {}) };
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}
