import { parseDocument } from 'yaml';
import { z } from 'zod';
import { MusterError } from '../../core/errors.ts';
import type { NodeInfo } from '../../core/model.ts';
import { parseManifests } from '../../intake/manifests.ts';
import { parseQuantity, wholeUnits } from '../../intake/quantity.ts';
import { fileAt, firstLine, unreadable, type InputFile } from './input-file.ts';
import { GPU_MODEL_LABEL } from './openb.ts';
import { Cells, rowsOf, type Row } from './source.ts';

const MIB = 2 ** 20;
const GB = 1e9;
/** kubelet's default, and the usual setting on large machines. */
const PODS = { usual: 110, large: 250, fromCores: 65 } as const;

export interface NodeShape {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  readonly labels: Readonly<Record<string, string>>;
}

export function toNode(name: string, { cpuMilli, memoryBytes, gpus, labels }: NodeShape): NodeInfo {
  const allocatable = new Map([
    ['cpu', cpuMilli],
    ['memory', memoryBytes],
    ['pods', cpuMilli >= PODS.fromCores * 1000 ? PODS.large : PODS.usual],
  ]);
  if (gpus > 0) allocatable.set('nvidia.com/gpu', gpus);
  const all = new Map([['kubernetes.io/hostname', name], ...Object.entries(labels)]);
  return { name, labels: all, taints: [], unschedulable: false, allocatable, images: new Set() };
}

const OPENB_HEADER = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'];
const PAI_COLUMNS = ['machine', 'gpu_type', 'cap_cpu', 'cap_mem', 'cap_gpu'];

/** A table without a header, or with openb's: five cells, and nothing that JSON or YAML would have. */
const TABLE_LINE = /^[^{[:,]+(,[^{[:,]*){4}$/;

/**
 * Nodes from openb's or PAI's machine table, from kubectl's output, or from groups in YAML (docs/traces.md).
 * @param from a path, or a stream that was read
 * @throws MusterError MUSTER_TRACE_INVALID, MUSTER_OBJECT_INVALID, MUSTER_QUANTITY_INVALID, MUSTER_FILE_UNREADABLE
 */
export async function readNodes(from: string | InputFile): Promise<readonly NodeInfo[]> {
  const file = typeof from === 'string' ? fileAt(from) : from;
  if (/\.csv(\.gz)?$/.test(file.name) || TABLE_LINE.test(await firstLine(file))) return readTable(file);
  const text = await textOf(file);
  const nodes = /^\s*("?groups"?\s*:|\{\s*"groups")/m.test(text.slice(0, 10_000))
    ? fromGroups(text, file.name)
    : parseManifests(text, file.name).nodes;
  if (nodes.length === 0) throw new MusterError('MUSTER_TRACE_INVALID', `${file.name}: contains no nodes.`);
  return nodes;
}

async function textOf(file: InputFile): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of file.open()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function readTable(file: InputFile): Promise<NodeInfo[]> {
  const nodes: NodeInfo[] = [];
  let isOpenb = false;
  const [openb, pai] = [new Cells(file, OPENB_HEADER), new Cells(file, PAI_COLUMNS)];
  for await (const row of rowsOf(file, ',')) {
    if (row.line === 1 && row.cells[0] === OPENB_HEADER[0]) isOpenb = true;
    else nodes.push(isOpenb ? openbNode(openb, row) : paiNode(pai, row));
  }
  return nodes;
}

function openbNode(cells: Cells, row: Row): NodeInfo {
  const model = cells.text(row, 'model');
  return toNode(cells.text(row, 'sn'), {
    cpuMilli: cells.count(row, 'cpu_milli', 1e9),
    memoryBytes: cells.count(row, 'memory_mib', 1e9) * MIB,
    gpus: cells.count(row, 'gpu', 64),
    labels: model === '' ? {} : { [GPU_MODEL_LABEL]: model },
  });
}

function paiNode(cells: Cells, row: Row): NodeInfo {
  const model = cells.text(row, 'gpu_type');
  return toNode(cells.text(row, 'machine'), {
    cpuMilli: cells.count(row, 'cap_cpu', 1e6) * 1000,
    memoryBytes: cells.count(row, 'cap_mem', 1e6) * GB,
    gpus: cells.count(row, 'cap_gpu', 64),
    labels: model === 'CPU' ? {} : { [GPU_MODEL_LABEL]: model },
  });
}

const Groups = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/, 'expected a DNS label (lower-case letters, digits, -)'),
        count: z.int().min(1).max(100_000),
        cpu: z.union([z.string(), z.number()]),
        memory: z.union([z.string(), z.number()]),
        gpu: z.int().min(0).max(64).default(0),
        /** Nodes are assigned round-robin to zones, and within a zone to racks. */
        zones: z.int().min(1).max(100).default(1),
        racksPerZone: z.int().min(1).max(1000).default(1),
        labels: z.record(z.string(), z.string()).default({}),
      }),
    )
    .min(1),
});

function fromGroups(text: string, fileName: string): NodeInfo[] {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new MusterError('MUSTER_TRACE_INVALID', `${fileName}: ${error.message.split('\n')[0]}.`);
  const parsed = Groups.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success)
    throw new MusterError(
      'MUSTER_TRACE_INVALID',
      `${fileName}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}.`,
    );
  return parsed.data.groups.flatMap((group) => {
    const amount = (value: string | number, resource: string) =>
      wholeUnits(parseQuantity(value, `${fileName}: ${group.name}.${resource}`), resource, fileName);
    const [cpuMilli, memoryBytes] = [amount(group.cpu, 'cpu'), amount(group.memory, 'memory')];
    return Array.from({ length: group.count }, (_, i) => {
      const zone = i % group.zones;
      const rack = Math.floor(i / group.zones) % group.racksPerZone;
      const topology = {
        'topology.kubernetes.io/zone': `zone-${zone}`,
        'topology.kubernetes.io/rack': `zone-${zone}-rack-${rack}`,
      };
      return toNode(`${group.name}-${i}`, {
        cpuMilli,
        memoryBytes,
        gpus: group.gpu,
        labels: { ...topology, ...group.labels },
      });
    });
  });
}
