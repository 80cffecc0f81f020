import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { decisionsCommand } from '../../src/cli/decisions.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import type { Out } from '../../src/cli/formats.ts';
import { gangsCommand, type GangsFlags } from '../../src/cli/gangs.ts';
import { nodesCommand, type NodesFlags } from '../../src/cli/nodes.ts';
import { queuesCommand } from '../../src/cli/queues.ts';
import { topCommand } from '../../src/cli/top/top.ts';
import { versionCommand } from '../../src/cli/version.ts';
import { PIPE, type View } from '../../src/cli/view.ts';
import { watch } from '../../src/cli/watch.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { GangRowList } from '../../src/server/api/board-schemas.ts';
import { buildServer } from '../../src/server/app.ts';
import { VERSION } from '../../src/version.ts';
import { boundTo, node, offer } from '../support/builders.ts';
import { until } from '../support/live.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { OpenScheduler } from '../support/world.ts';

/** The commands against a muster that serves: three nodes of 4 cores, one gang that runs, three that wait. */
const NAMES = ['n1', 'n2', 'n3'];
const scheduler = new OpenScheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
let nowMs = 0;
const server = buildServer({
  scheduler,
  nowMs: () => nowMs,
  logger: pino({ level: 'silent' }),
  reasons: 'one',
  maxBodyBytes: 2 ** 20,
});
let url = '';

function ask(one: TenantApp, atMs: number): void {
  nowMs = atMs;
  const leader = one.driver();
  const { answer, effects } = scheduler.filter({ pod: leader, candidates: offer(NAMES) }, nowMs);
  server.onEffects(effects);
  if (answer.kind === 'one')
    server.onEffects(scheduler.observe({ kind: 'pod', pod: boundTo(leader, answer.node) }, nowMs));
}

beforeAll(async () => {
  for (const [i, name] of NAMES.entries())
    scheduler.observe(
      { kind: 'node', node: node(name, { cpu: 4, labels: { 'topology.kubernetes.io/zone': `z${i % 2}` } }) },
      0,
    );
  scheduler.observe({ kind: 'synced' }, 0);
  ask(new TenantApp('runs', { executors: 4 }), 1000);
  ask(new TenantApp('waits', { executors: 9, user: 'ann' }), 60_000);
  ask(new TenantApp('other', { namespace: 'theirs', executors: 10, user: 'bob' }), 120_000);
  ask(new TenantApp('big', { executors: 90 }), 180_000);
  nowMs = 240_000;
  url = await server.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.app.close());

const TERMINAL: View = {
  isTerminal: true,
  width: 80,
  height: 24,
  // By the clock of this machine; the server's is another.
  now: () => new Date(9_999_000),
  paint: (_tone, text) => text,
};

/** What a command prints, and its exit code. */
async function printed(use: (out: Out) => Promise<number>, view: View = PIPE) {
  let text = '';
  const code = await use({ write: (more) => (text += more), view: () => view });
  return { code, text };
}

const gangs = (flags: Partial<GangsFlags> = {}, view?: View) =>
  printed((out) => gangsCommand({ server: url, output: 'table', ...flags }, out), view);
const nodes = (flags: Partial<NodesFlags> = {}, view?: View) =>
  printed((out) => nodesCommand({ server: url, output: 'table', ...flags }, out), view);

describe('muster gangs', () => {
  test('prints what waits in order, and what runs, in 80 columns and relative times', async () => {
    // Start times are looked for in the background.
    const { code, text } = await vi.waitFor(
      async () => {
        const ended = await gangs({}, TERMINAL);
        expect(ended.text).not.toContain('looking');
        return ended;
      },
      { timeout: 60_000, interval: 100 },
    );
    expect(code).toBe(0);
    expect(text).toMatchInlineSnapshot(`
      "pos  gang          queue    phase     members  since   starts      reason
        1  jobs/waits    default  waiting      0/10  3m ago  in ~37m     room for <=7~
        2  theirs/other  default  waiting      0/11  2m ago  in ~1h 37m  room for <=7~
        3  jobs/big      default  waiting      0/91  1m ago  -           cannot start~
        -  jobs/runs     default  starting      1/5  3m ago  -           ends in ~37m
      "
    `);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('of one phase, the others have its column on a terminal', async () => {
    const head = async (flags: Partial<GangsFlags>, view?: View) => (await gangs(flags, view)).text.split('\n')[0];
    expect(await head({ phase: 'waiting' }, TERMINAL)).not.toContain('phase');
    expect(await head({ phase: 'waiting' })).toContain('phase');
    expect(await head({}, TERMINAL)).toContain('phase');
  });

  test('a queue that is not there is a mistake, and those like it are named', async () => {
    await expect(gangs({ queue: 'defualt' })).rejects.toThrow(/There is no queue defualt; .*default/);
  });

  test('into a pipe times are absolute, and nothing is shortened', async () => {
    const { text } = await gangs();
    expect(text).toContain('1970-01-01T00:01:00.000Z');
    expect(text).not.toMatch(/~|ago/);
    expect(text.split('\n').filter((line) => line.includes('theirs/other'))).toHaveLength(1);
  });

  test.each<[Partial<GangsFlags>, string[]]>([
    [{ namespace: 'theirs' }, ['theirs/other']],
    [{ phase: 'starting' }, ['jobs/runs']],
    [{ user: 'ann' }, ['jobs/waits']],
    [{ waitsFor: 'unschedulable' }, ['jobs/big']],
    [{ search: 'oth' }, ['theirs/other']],
    [{ sort: 'gang', desc: true, limit: 2 }, ['theirs/other', 'jobs/waits']],
    [{ sort: 'gang', limit: 1 }, ['jobs/big']],
  ])('%j selects', async (flags, names) => {
    expect((await gangs({ output: 'name', ...flags })).text).toBe(names.map((name) => `${name}\n`).join(''));
  });

  test('-o json and yaml are the answer of the API, and -o wide has more columns', async () => {
    const { items } = GangRowList.parse(JSON.parse((await gangs({ output: 'json' })).text));
    expect(items.map(({ gang }) => gang)).toContain('jobs/runs');
    expect(parse((await gangs({ output: 'yaml' })).text)).toEqual(JSON.parse((await gangs({ output: 'json' })).text));
    expect((await gangs({ output: 'wide' })).text).toMatch(/^pos .* user .* waits for .*\n(.*\n)*.*waits-driver/);
  });

  test.each<[Partial<GangsFlags>, string]>([
    [{ namespace: 'nobody' }, 'There is no gang in namespace nobody.\n'],
    [{ phase: 'waiting', user: 'eve' }, 'No gang of user eve waits.\n'],
    [{ phase: 'degraded' }, 'No gang is degraded.\n'],
    [{ waitsFor: 'rate' }, 'No gang waits for rate.\n'],
  ])('%j finds nothing, and says so', async (flags, text) => expect(await gangs(flags)).toEqual({ code: 0, text }));
});

describe('muster nodes', () => {
  test('puts nodes together by the first label, with all of them last', async () => {
    expect((await nodes({}, TERMINAL)).text).toMatchInlineSnapshot(`
      "cpu, per cent of what the nodes have, on average; stranded: free, but of no use
      zone       nodes  cordoned  used  reserved  free  stranded
      z0             2         0   13%       38%   50%        0%  ###========
      z1             1         0    0%       25%   75%        0%  =====
      all nodes      3         0    8%       33%   58%        0%  ##=======
      # used  = reserved  . stranded
      "
    `);
  });

  test('by node, sorted, in every format', async () => {
    const table = (await nodes({ by: 'node', sort: 'free' })).text.split('\n').slice(2, 5);
    expect(table.map((line) => line.slice(0, 2)).sort()).toEqual(NAMES);
    expect((await nodes({ output: 'name' })).text).toBe('n1\nn2\nn3\n');
    expect((await nodes({ output: 'wide' })).text).toMatch(/^Per cent.*\nnode +cordoned +cpu used.*memory stranded/);
    const { by, items } = JSON.parse((await nodes({ output: 'json' })).text) as {
      by: string;
      items: { nodes: number }[];
    };
    expect([by, items.map((one) => one.nodes)]).toEqual(['topology.kubernetes.io/zone', [2, 1]]);
  });

  test('names what there is where the label or the resource is not', async () => {
    await expect(nodes({ by: 'zome' })).rejects.toThrow(
      /--by zome: no node has it; there are node, zone; did you mean zone\?/,
    );
    await expect(nodes({ resource: 'gpu' })).rejects.toThrow(/--resource gpu: no node has it; there are .*cpu/);
  });
});

describe('muster explain', () => {
  const explain = (app: string, output: 'table' | 'json' | 'yaml', view = PIPE) =>
    printed((out) => explainCommand(app, { server: url, output }, out.write, out.view), view);

  test('fits 80 columns, with relative times', async () => {
    const { text } = await explain('waits', 'table', TERMINAL);
    expect(text.replace(/since .*? \(/, 'since TIME (')).toMatchInlineSnapshot(`
      "Gang jobs/waits: waiting, gang waits for room
        since TIME (3m ago), queue default, priority 0, policy default, leader
          waits-driver
        It starts about 00:41 (between 00:05 and 18:59), when jobs/runs ends. Nothing
          is known of how long jobs/runs runs: that is supposed. That is no promise:
          forecasts may be wrong.
        Nothing is known of how long it runs (no run known); muster supposes 30m, nine
          times of ten at most 6h.

      role      min  max  request per member  eligible  places  nodes excluded by
      driver      1    1  cpu 1 core            3 of 3       7  -
      executor    9    9  cpu 1 core            3 of 3       7  -

      * Role executor needs 9 places; 7 places are free on 3 eligible nodes of 3; 2
          cores short.
      * With 6 members of role executor instead of 9 it would start now.
      "
    `);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('colours take no columns: a heading that fits is not broken', async () => {
    const coloured: View = { ...TERMINAL, paint: (_tone, text) => `\x1b[1m${text}\x1b[0m` };
    const { text } = await explain('waits', 'table', coloured);
    expect(text.split('\n').filter((line) => line.includes('role'))[0]).toContain('nodes excluded by');
  });

  test('-o yaml is -o json', async () => {
    expect(parse((await explain('waits', 'yaml')).text)).toEqual(JSON.parse((await explain('waits', 'json')).text));
  });
});

test('muster queues: -o name, yaml and wide', async () => {
  const queues = (output: 'name' | 'yaml' | 'wide') =>
    printed((out) => queuesCommand(undefined, { server: url, resource: 'cpu', output }, out.write, out.view));
  expect((await queues('name')).text).toMatch(/^root\ndefault\n/);
  expect((parse((await queues('yaml')).text) as { total: number }).total).toBeGreaterThan(0);
  expect((await queues('wide')).text).toMatch(/^cpu, cores\n(.*\n)*\nmemory, GiB\n/);
});

test('muster decisions: the oldest first, of one gang, and as JSON', async () => {
  const decisions = (flags: { gang?: string; output?: 'json' } = {}) =>
    printed((out) => decisionsCommand({ server: url, limit: 100, output: 'table', ...flags }, out));
  const { text } = await decisions();
  expect(text).toMatch(/gang-admitted +.*jobs\/runs/);
  const times = text
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(0, 24));
  expect(times).toEqual(times.toSorted());
  expect((await decisions({ gang: 'jobs/big' })).text).not.toContain('jobs/runs');
  expect((await decisions({ gang: 'jobs/nobody' })).text).toBe(
    'No decision about jobs/nobody that muster remembers.\n',
  );
  const { items } = JSON.parse((await decisions({ output: 'json' })).text) as { items: object[] };
  expect(items.length).toBeGreaterThan(0);
});

test('muster version: of both', async () => {
  const { code, text } = await printed((out) => versionCommand({ server: url, output: 'table' }, out));
  expect(code).toBe(0);
  expect(text).toBe(`client: ${VERSION}\nserver: ${VERSION} (${url}; files; it decides)\n`);
});

describe('what goes on', () => {
  /** Adds a gang, so that the list changes. */
  let more = 0;
  const change = () => ask(new TenantApp(`more-${++more}`, { executors: 50 }), nowMs + 1000);

  test('--watch prints lines that changed, and stops', async () => {
    const stop = new AbortController();
    let text = '';
    let drawn = 0;
    const out: Out = { write: (part) => (text += part), view: () => PIPE };
    const draw = async () => {
      drawn++;
      return (await gangs({ output: 'name' })).text;
    };
    const versionOf = (event: { kind: string; tick?: { gangs: number } }) => event.tick?.gangs;
    const done = watch({ server: url }, { draw, versionOf, signal: stop.signal }, out);
    await until(() => drawn > 0);
    change();
    await until(() => text.includes(`jobs/more-${more}\n`));
    stop.abort();
    await done;
    expect(text.match(/jobs\/waits\n/g)).toHaveLength(1);
    expect(text).not.toContain('\x1b');
  });

  test('on a terminal the screen is drawn over, no longer than it is', async () => {
    const stop = new AbortController();
    const parts: string[] = [];
    const out: Out = { write: (part) => parts.push(part), view: () => ({ ...TERMINAL, height: 4 }) };
    const draw = () => Promise.resolve(`a\n${'b'.repeat(100)}\nc\n`);
    const done = watch({ server: url }, { draw, signal: stop.signal }, out);
    await until(() => parts.length > 0);
    stop.abort();
    await done;
    // The second line takes two of the three rows that are left.
    expect(parts[0]).toBe(`\x1b[2J\x1b[Ha\x1b[K\n${'b'.repeat(100)}\x1b[K\n\x1b[J`);
  });

  test('a muster that cannot be reached at first is an error, not a wait', async () => {
    const draw = async () => (await gangs({ server: '127.0.0.1:9' })).text;
    const { signal } = new AbortController();
    await expect(
      watch({ server: '127.0.0.1:9' }, { draw, signal }, { write: () => undefined, view: () => PIPE }),
    ).rejects.toThrow(/Cannot reach http:\/\/127\.0\.0\.1:9: .*\[MUSTER_ASK_FAILED\]/);
  });

  test('muster top into a pipe is plain text, once', async () => {
    const parts: string[] = [];
    const stdout = { write: (part: string) => parts.push(part), isTTY: false };
    expect(await topCommand({ server: url, resource: 'cpu' }, { stdin: process.stdin, stdout } as never)).toBe(0);
    const text = parts.join('');
    expect(text).not.toContain('\x1b');
    expect(text).toMatch(/waiting, 1 to \d+ of \d+\npos .*\n +1 .*waits/);
    expect(text).toMatch(/latest decisions\n.*\d+T/);
    await expect(
      topCommand({ server: url, resource: 'cpus' }, { stdin: process.stdin, stdout } as never),
    ).rejects.toThrow(/there are .*cpu.*Did you mean cpu\?/);
  });
});
