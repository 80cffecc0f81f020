import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRules, watchPolicies } from '../../../src/server/policy-source.ts';

let folder: string;
let path: string;
let stop: () => void = () => undefined;
let told: string[];
let wake: () => void = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-'));
  path = join(folder, 'policy.yaml');
  told = [];
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const policy = (name: string) => `policies: [{ name: ${name} }]`;

/** Replaced in one step, as editors and deployments do: nobody reads half a file. */
function put(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function watch(): void {
  const tell = (what: string) => {
    told.push(what);
    wake();
  };
  stop = watchPolicies(path, {
    onRules: ({ policies }) => tell(policies.map(({ name }) => name).join(', ')),
    onProblem: ({ code, what }) => tell(`${code} ${what.replaceAll(folder, '')}`),
    pollMs: 2,
  });
}

/** Resolves as soon as so many things have been told in all. */
const toldSoFar = (count: number) =>
  new Promise<readonly string[]>((resolve) => {
    wake = () => (told.length >= count ? resolve(told) : undefined);
    wake();
  });

test('a changed file is read again, a broken one is told of once, and the next good one counts', async () => {
  put(policy('one'));
  watch();
  put(policy('two'));
  await toldSoFar(1);
  put(policy('Three'));
  await toldSoFar(2);
  put(policy('four'));
  expect(await toldSoFar(3)).toEqual([
    'two',
    'MUSTER_POLICY_INVALID /policy.yaml:1: policies[0].name: expected a DNS label (lower-case letters, digits, -), got "Three".',
    'four',
  ]);
});

test('a weight below 0 in a new file is a problem to tell of, and does not end the process', async () => {
  put(policy('one'));
  watch();
  put('policies: [{ name: two, members: { strategy: weighted, weights: { spot: -1 } } }]');
  expect(await toldSoFar(1)).toEqual([
    expect.stringMatching(/^MUSTER_POLICY_INVALID .*members\.weights\.spot: must be at least 0, got -1/),
  ]);
});

test('a file that goes away is told of, and again when it is back, the same as before', async () => {
  put(policy('one'));
  watch();
  rmSync(path);
  await toldSoFar(1);
  put(policy('one'));
  expect(await toldSoFar(2)).toEqual([expect.stringMatching(/^MUSTER_FILE_UNREADABLE Policy .*ENOENT/), 'one']);
});

test('a file that is written again with the same text is not told of', async () => {
  put(policy('one'));
  watch();
  put(policy('one'));
  put(policy('two'));
  expect(await toldSoFar(1)).toEqual(['two']);
});

test('a ConfigMap mount, which swaps a link to a folder, is noticed', async () => {
  const version = (name: string) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'policy.yaml'), policy(name));
    symlinkSync(name, join(folder, '..data.new'));
    renameSync(join(folder, '..data.new'), join(folder, '..data'));
  };
  version('v1');
  symlinkSync(join('..data', 'policy.yaml'), path);
  watch();
  version('v2');
  expect(await toldSoFar(1)).toEqual(['v2']);
});

test('after it is stopped nothing is told any more', async () => {
  put(policy('one'));
  watch();
  stop();
  watch();
  // Whoever still looked would look as often as the one that is told, and tell each change a second time.
  for (const [i, name] of ['two', 'three', 'four'].entries()) {
    put(policy(name));
    await toldSoFar(i + 1);
  }
  expect(told).toEqual(['two', 'three', 'four']);
});

test('a preset needs no file; anything else is a file, and must be there', () => {
  expect(readRules('fifo-gang').policies[0]!.queue.blockAfterMs).toBe(0);
  expect(() => readRules('no-such-file.yaml')).toThrow(
    /Policy no-such-file\.yaml: ENOENT.*; presets: kube-default, kube-no-preemption, fifo-gang, muster, muster-preempt, muster-fair, kueue-like, yunikorn-like\./,
  );
});
