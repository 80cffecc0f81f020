import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ReplayResult } from '../../../src/replay/result.ts';
import { builtCli } from '../../support/cli.ts';

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const OPENB_NODES = 'bench/traces/openb/openb_node_list_all_node.csv.gz';
const GROUPS = 'groups:\n  - { name: worker, count: 30, cpu: 31500m, memory: 120Gi }\n';
const { folder, start } = builtCli();
const small = ['--max-jobs', '30', '--speed', '50', '--policy', 'muster'];

/** Replays with something on standard input. @returns what it wrote with --json */
async function replay(name: string, args: readonly string[], input: string | Buffer): Promise<ReplayResult> {
  const file = join(folder, name);
  const { code, err } = await start(['replay', ...args, ...small, '--json', file], {}, input).ended;
  expect(code, err).toBe(0);
  return JSON.parse(readFileSync(file, 'utf8')) as ReplayResult;
}

test('a trace comes from standard input, packed or not', async () => {
  const packed = readFileSync(ITP);
  const args = ['-', '--nodes', 'preset:S'];
  const fromGzip = await replay('a.json', args, packed);
  expect(fromGzip.trace).toMatchObject({ name: 'stdin', format: 'itp', jobs: 30 });
  const fromText = await replay('b.json', args, gunzipSync(packed));
  expect(fromText.policies).toEqual(fromGzip.policies);
});

test.each([
  ['groups', GROUPS, 30],
  ['a machine table, packed', readFileSync(OPENB_NODES), 1523],
  ['output of kubectl', '{"kind":"Node","metadata":{"name":"n"},"status":{"allocatable":{"cpu":"400"}}}', 1],
])('nodes come from standard input: %s', async (_, input, count) => {
  const { nodes } = await replay('nodes.json', [ITP, '--nodes', '-'], input);
  expect(nodes).toMatchObject({ name: '-', count });
});

test.each([
  ['both', ['-', '--nodes', '-'], '', 2, 'Only one of the trace and --nodes'],
  ['nothing', ['-', '--nodes', 'preset:S'], '', 1, 'stdin:1: no known trace format'],
  ['half a gzip', ['-', '--nodes', 'preset:S'], readFileSync(ITP).subarray(0, 100), 1, 'stdin: unexpected end of file'],
  ['a broken row', ['-', '--nodes', 'preset:S'], 'job_id,submission_time,duration,num_gpu\na,b,1,1\n', 1, 'stdin:2: '],
])('%s on standard input is an error', async (_, args, input, code, part) => {
  const ended = await start(['replay', ...args, ...small], {}, input).ended;
  expect(ended.err).toContain(part);
  expect(ended).toMatchObject({ code, out: '' });
});
