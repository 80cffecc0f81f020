import { gzipSync } from 'node:zlib';
import { generateTrace } from '../replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../replay/generate/profiles.ts';
import { toLine } from '../replay/trace/native.ts';
import { writeOut } from './replay.ts';

export interface GenerateFlags {
  readonly seed: number;
  readonly days: number;
  readonly out?: string;
  readonly nodes?: string;
}

/** Writes a synthetic trace in muster's format, and its nodes as a List that kubectl and replay read. */
export function generateCommand(name: string, { seed, days, out, nodes }: GenerateFlags): number {
  const profile = profileNamed(name);
  const lines = () => generateTrace(profile, { seed, days }).jobs.map((job) => `${toLine(job)}\n`);
  if (out === undefined) for (const line of lines()) process.stdout.write(line);
  else writeOut(out, () => (out.endsWith('.gz') ? gzipSync(lines().join('')) : lines().join('')));
  writeOut(nodes, () => `${JSON.stringify(nodeList(profileNodes(profile)))}\n`);
  return 0;
}

function nodeList(nodes: ReturnType<typeof profileNodes>): object {
  const items = nodes.map(({ name, labels, allocatable }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: Object.fromEntries(labels) },
    status: {
      allocatable: Object.fromEntries(
        [...allocatable].map(([key, amount]) => [key, key === 'cpu' ? `${amount}m` : String(amount)]),
      ),
    },
  }));
  return { apiVersion: 'v1', kind: 'List', items };
}
