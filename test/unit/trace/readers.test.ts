import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toLine } from '../../../src/replay/trace/native.ts';
import { readNodes } from '../../../src/replay/trace/nodes.ts';
import { readTrace } from '../../../src/replay/trace/read-trace.ts';
import { select } from '../../../src/replay/trace/select.ts';

const shipped = (path: string) => new URL(`../../../bench/traces/${path}`, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'muster-trace-'));
let files = 0;
function fileOf(text: string | Buffer, ending = 'txt'): string {
  const path = join(folder, `${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
}

describe('the traces that are shipped', () => {
  // Rows as the README of each folder counts them; openb drops the 16 pods before day 100.
  test.each([
    { path: 'msft-itp/cluster03.csv.gz', format: 'itp', work: 'gang', jobs: 3011, gangs: 0.663 },
    { path: 'msft-itp/cluster04.csv.gz', format: 'itp', work: 'gang', jobs: 15_802, gangs: 0.245 },
    { path: 'msft-philly/philly.csv.gz', format: 'philly', work: 'gang', jobs: 82_247, gangs: 0.068 },
    { path: 'openb/openb_pod_list_default.csv.gz', format: 'openb', work: 'spark', jobs: 8152 - 16, gangs: 0 },
    {
      path: 'swim-facebook/FB-2009_samples_24_times_1hr_0.tsv.gz',
      format: 'swim',
      work: 'spark',
      jobs: 5894,
      gangs: 0.1,
    },
  ])('$path is $format with $jobs jobs, $gangs of them gangs', async ({ path, format, work, jobs, gangs }) => {
    const trace = await readTrace(shipped(path), { seed: 1 });
    expect([trace.format, trace.work, trace.jobs.length]).toEqual([format, work, jobs]);
    const share = trace.jobs.filter(({ workers }) => workers.count > 1).length / jobs;
    expect(Math.abs(share - gangs)).toBeLessThan(0.02);
    expect(trace.jobs[0]!.submitMs).toBe(0);
    expect(trace.jobs.every((job, i) => i === 0 || job.submitMs >= trace.jobs[i - 1]!.submitMs)).toBe(true);
    expect(trace.drawn.length).toBeGreaterThan(0);
  });

  test('PAI: whole jobs of the tail, of which those that ended well are replayed', async () => {
    const trace = await readTrace(shipped('alibaba-pai-2020/pai_instance_table.tail-1500-jobs.csv.gz'), { seed: 1 });
    expect([trace.format, trace.work]).toEqual(['pai', 'gang']);
    const dropped = Number(/dropped (\d+) jobs/.exec(trace.notes.join())![1]);
    expect(trace.jobs.length + dropped).toBe(1500);
    expect(new Set(trace.jobs.map(({ id }) => id)).size).toBe(trace.jobs.length);
    const gang = trace.jobs.find(({ workers }) => workers.count > 3)!;
    expect([gang.leader.get('cpu'), gang.workers.min]).toEqual([1000, gang.workers.count]);
  });

  test('the same seed draws the same sizes, another seed others', async () => {
    const read = async (seed: number) =>
      (await readTrace(shipped('msft-itp/cluster03.csv.gz'), { seed })).jobs.map(toLine).join();
    const [one, again, other] = [await read(1), await read(1), await read(2)];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  test('node lists: openb and PAI as their READMEs count them', async () => {
    const sum = (nodes: Awaited<ReturnType<typeof readNodes>>, name: string) =>
      nodes.reduce((total, { allocatable }) => total + (allocatable.get(name) ?? 0), 0);
    const openb = await readNodes(shipped('openb/openb_node_list_all_node.csv.gz'));
    expect([openb.length, sum(openb, 'cpu') / 1000, sum(openb, 'nvidia.com/gpu')]).toEqual([1523, 125_514, 6212]);
    const pai = await readNodes(shipped('alibaba-pai-2020/pai_machine_spec.csv.gz'));
    expect([pai.length, sum(pai, 'cpu') / 1000, sum(pai, 'nvidia.com/gpu')]).toEqual([1897, 156_576, 6742]);
  });
});

const itp = (row: string) => `job_id,submission_time,duration,num_gpu\na,0,10,1\n${row}\n`;
const philly = (row: string) => `timestamp,duration,num_gpus,gpu_time,cluster\n${row}\n`;
const OPENB =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n';
const job = { id: 'a', submit_s: 0, driver: { cpu_m: 1000, mem_mib: 1024 }, duration_s: 5 };
const line = (change: object) => `${JSON.stringify({ ...job, ...change })}\n`;

describe('what is wrong is named with file, line, field and value', () => {
  test.each<[mistake: string, text: string, says: RegExp]>([
    ['an empty file', '', /:1: no known trace format begins with ""; known: itp, philly, openb, pai, swim, muster\./],
    ['something else', 'a,b,c\n1,2,3\n', /:1: no known trace format begins with "a,b,c"/],
    ['only a header', 'job_id,submission_time,duration,num_gpu\n', /contains no jobs/],
    [
      'a time that is a word',
      itp('b,soon,1,1'),
      /:3: field submission_time: expected a non-negative number, got "soon"/,
    ],
    ['a negative duration', itp('b,1,-5,1'), /:3: field duration: expected a non-negative number, got "-5"/],
    ['an empty field', itp('b,1,,1'), /:3: field duration: expected a non-negative number, got ""/],
    ['half a worker', itp('b,1,5,0.5'), /:3: field num_gpu: expected an integer of at most 10000, got 0\.5/],
    ['a million workers', itp('b,1,5,1000000'), /:3: field num_gpu: expected an integer of at most 10000, got 1000000/],
    ['a row that is too short', itp('b,1'), /:3: field duration is missing \(2 of 4 columns\)/],
    [
      'a number beyond all bounds',
      itp('b,9e99,1,1'),
      /:3: field submission_time: expected a non-negative number, got "9e99"/,
    ],
    ['not a number', itp('b,NaN,1,1'), /field submission_time: expected a non-negative number, got "NaN"/],
    ['an endless row', itp(`b,${'1'.repeat(2_000_000)},1,1`), /0?\d*\.txt: /],
    ['a quote that never ends', itp('"b,1,1,1'), /\.txt: /],
    [
      'a date of another form',
      philly('09/10/2017,1,1,1,vc'),
      /:2: field timestamp: expected YYYY-MM-DD hh:mm:ss, got "09\/10\/2017"/,
    ],
    ['a date that is none', philly('2017-99-99 00:00:00,1,1,1,vc'), /:2: field timestamp/],
    ['a pod without cpu', `${OPENB}p,,1,0,0,,LS,Running,9000000,9000010,9000001\n`, /:2: field cpu_milli: .* got ""/],
    ['100 GPUs', `${OPENB}p,1,1,100,0,,LS,Running,9000000,9000010,9000001\n`, /:2: field num_gpu: .* got 100/],
    ['a job without times', 'j,t,i,w,x,Terminated,,,m\n', /:1: field start_time: .* got ""/],
    ['bytes that are words', 'job0\t1\t1\t5\t5\t5\njob1\t1\t1\tmany\t5\t5\n', /:2: field input: .* got "many"/],
    ['a line that is no JSON', `${line({})}{"id":\n`, /:2: expected a line of JSON/],
    ['a line without id', line({ id: undefined }), /:1: field id: /],
    ['an id with a slash', line({ id: 'a/b' }), /:1: field id: expected letters, digits/],
    ['an app of too many letters', line({ app: 'a'.repeat(201) }), /:1: field app: /],
    ['an unknown key', line({ cores: 5 }), /:1: field \(the line\): Unrecognized key: "cores"/],
    [
      'a minimum above the count',
      line({ executors: { count: 1, min: 2, cpu_m: 1, mem_mib: 1 } }),
      /:1: field executors\.min: must be at most executors\.count/,
    ],
    ['half a core in millicores', line({ driver: { cpu_m: 0.5, mem_mib: 1 } }), /:1: field driver\.cpu_m: /],
    ['a negative time', line({ submit_s: -1 }), /:1: field submit_s: /],
    ['an end after the end', line({ fails_at: 1.5 }), /:1: field fails_at: /],
    ['the same id twice', line({}) + line({}), /:2: field id: another line has the id "a"/],
    [
      '__proto__',
      '{"__proto__":{"id":"a"},"submit_s":0,"driver":{"cpu_m":1,"mem_mib":1},"duration_s":1}\n',
      /:1: field /,
    ],
  ])('%s', async (_mistake, text, says) => {
    await expect(readTrace(fileOf(text), { seed: 1 })).rejects.toThrow(says);
  });

  test('a file that is not there, a folder, and something that only ends in .gz', async () => {
    await expect(readTrace(join(folder, 'none.csv'), { seed: 1 })).rejects.toThrow(
      /none\.csv: ENOENT.*MUSTER_FILE_UNREADABLE/,
    );
    await expect(readTrace(join(folder, 'none.csv'), { seed: 1, format: 'itp' })).rejects.toThrow(/ENOENT/);
    await expect(readNodes(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: ENOENT.*MUSTER_FILE_UNREADABLE/);
    await expect(readTrace(folder, { seed: 1 })).rejects.toThrow(/EISDIR/);
    await expect(readTrace(fileOf('plain', 'csv.gz'), { seed: 1 })).rejects.toThrow(/incorrect header/);
  });
});

test("muster's own format is read back as it was written", async () => {
  const lines = [
    line({}),
    line({
      id: 'b',
      namespace: 'n',
      queue: 'q',
      user: 'u',
      app: 'etl-20261121',
      class: 'shared',
      priority: 3,
      executors: { count: 8, min: 2, cpu_m: 4000, mem_mib: 9011, gpu: 1 },
      node_labels: { zone: ['a', 'b'] },
      fails_at: 0.5,
    }),
  ];
  const first = await readTrace(fileOf(lines.join('')), { seed: 1 });
  const second = await readTrace(fileOf(first.jobs.map((one) => `${toLine(one)}\n`).join('')), { seed: 9 });
  const bare = ({ jobs }: typeof first) => jobs.map((one) => ({ ...one, source: '' }));
  expect(bare(second)).toEqual(bare(first));
  expect(first.jobs[1]).toMatchObject({ app: 'etl-20261121', class: 'shared', workers: { count: 8, min: 2 } });
  expect(first.jobs[0]).not.toHaveProperty('app');
});

describe('nodes', () => {
  test('groups are dealt to zones and racks in turn', async () => {
    const nodes = await readNodes(
      fileOf(
        'groups: [{ name: w, count: 4, cpu: 31500m, memory: 120Gi, zones: 2, racksPerZone: 2, labels: { pool: x } }]\n',
        'yaml',
      ),
    );
    expect(nodes.map(({ labels }) => labels.get('topology.kubernetes.io/rack'))).toEqual([
      'zone-0-rack-0',
      'zone-1-rack-0',
      'zone-0-rack-1',
      'zone-1-rack-1',
    ]);
    expect([nodes[0]!.allocatable.get('cpu'), nodes[0]!.labels.get('pool')]).toEqual([31_500, 'x']);
  });
  test.each<[string, string, RegExp]>([
    ['a group without cpu', 'groups: [{ name: w, count: 1, memory: 1Gi }]', /groups\[0\]\.cpu/],
    ['a group of none', 'groups: [{ name: w, count: 0, cpu: 1, memory: 1Gi }]', /groups\[0\]\.count/],
    [
      'a negative size',
      'groups: [{ name: w, count: 1, cpu: "-1", memory: 1Gi }]',
      /w\.cpu: must not be negative, got "-1"/,
    ],
    ['a list without nodes', 'kind: List\nitems: []\n', /contains no nodes/],
  ])('%s is refused', async (_mistake, text, says) => {
    await expect(readNodes(fileOf(text, 'yaml'))).rejects.toThrow(says);
  });
});

test('a selection says what it did', async () => {
  const trace = await readTrace(shipped('msft-itp/cluster03.csv.gz'), { seed: 1 });
  const part = select(trace, { maxJobs: 10, speed: 10, shorten: 4 });
  expect(part.jobs).toHaveLength(10);
  expect(part.changes).toEqual(['10 of 3011 jobs', 'submissions 10 times denser', 'jobs 4 times shorter']);
  expect(part.jobs[9]!.durationMs).toBe(Math.round(trace.jobs[9]!.durationMs / 4));
  const other = select(trace, { speed: 0.3, shorten: 0.5 });
  expect(other.changes).toEqual(['submissions 3.333 times sparser', 'jobs 2 times longer']);
});
