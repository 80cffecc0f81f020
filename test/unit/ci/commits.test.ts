import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SCRIPTS = resolve(import.meta.dirname, '../../../.ci');
/** Scripts have no types: they run before anything is installed. */
const { problemsOf } = (await import(pathToFileURL(join(SCRIPTS, 'commit-rule.mjs')).href)) as {
  problemsOf: (message: string) => readonly string[];
};

test.each([
  'Replace a refused eviction',
  `Say ${'x'.repeat(68)}`,
  `Say ${'é'.repeat(68)}`,
  'Feed pods to the core after their owners',
  'Bring the webhook back',
  'Process pods before nodes',
  'Pass the reason on',
  'Focus on one queue',
  "Don't wake a leader twice",
  'Re-read a policy that was refused',
  'Always answer a bound member',
  'Revert "Replace a refused eviction"',
  'Add a queue\n\nThe body says why.\n',
  `Add a queue\n\n${'b'.repeat(100)}`,
  `Add a queue\n\nSee https://example.com/${'b'.repeat(100)}`,
  `Add a queue\n\n    npm test -- ${'b'.repeat(100)}`,
  `Add a queue\n\nIts command is \`npm test -- ${'b'.repeat(100)}\`.`,
])('is a good message: %j', (message) => {
  expect(problemsOf(message)).toEqual([]);
});

test.each([
  ['', 'does not begin with a capital letter'],
  ['replace a refused eviction', 'does not begin with a capital letter'],
  ['core: replace a refused eviction', '"core:", does not begin with a capital letter'],
  ['Core: replace a refused eviction', '"Core:", is no verb'],
  ['README names the port', '"README", is no verb'],
  ['fixup! Replace a refused eviction', '"fixup!"'],
  ['Replaced a refused eviction', 'past tense'],
  ['Pre-computed masks', 'past tense'],
  ['Replacing a refused eviction', 'gerund'],
  ['Replaces a refused eviction', 'third person'],
  ['Fixes the queue', 'third person'],
  ['Replace a refused eviction.', 'full stop'],
  [`Say ${'x'.repeat(69)}`, '73 characters'],
  ['Add a queue\nand a test', 'second line'],
  [`Add a queue\n\nWhy.\n${'b'.repeat(101)}`, 'line 4 is longer'],
])('is a bad message: %j, %s', (message, part) => {
  expect(problemsOf(message)).toEqual([expect.stringContaining(part)]);
});

describe('in a repository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-commits-'));
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com' };
  const committer = { GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' };
  // Nothing of the machine's configuration, nor of a hook that runs this.
  const env = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1', ...who, ...committer };
  const origin = join(folder, 'origin');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: origin, env, encoding: 'utf8', stdio: 'pipe' });
  const commit = (message: string) => git('commit', '--allow-empty', '-m', message);
  const check = (cwd: string, ...args: string[]) => {
    const script = join(SCRIPTS, 'check-commits.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd, env, encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  beforeAll(() => {
    execFileSync('git', ['init', '--initial-branch=main', origin], { env, stdio: 'pipe' });
    commit('core: before the rule');
    git('tag', 'base');
    for (const [branch, message] of [
      ['one', 'anything may stand here.'],
      ['two', `Merge branch 'two' (${'x'.repeat(80)})`],
    ] as const) {
      git('checkout', '-b', branch);
      commit('Add a queue');
      git('checkout', 'main');
      git('merge', '--no-ff', '-m', message, branch);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('commits of the range are checked, merges and what is older are not', () => {
    expect(check(origin, 'base..HEAD')).toEqual({
      status: 0,
      stdout: 'commit messages checked: 2, to be reworded: 0\n',
      stderr: '',
    });
  });

  test('without the commit before the rule, it says so and checks what is there', () => {
    const { status, stdout, stderr } = check(origin);
    expect(status).toBe(1);
    expect(stdout).toContain('is not in this clone: every commit that is there is checked');
    expect(stderr).toContain('"core: before the rule"');
  });

  test('a merge whose parents a shallow clone cuts off is a merge', () => {
    const shallow = join(folder, 'shallow');
    execFileSync('git', ['clone', '--depth=1', pathToFileURL(origin).href, shallow], { env, stdio: 'pipe' });
    expect(check(shallow)).toMatchObject({ status: 0, stderr: '' });
  });

  test('a bad one is named, with the rule and what to do', () => {
    commit('Fixed the queue.');
    const hash = git('rev-parse', '--short', 'HEAD').trim();
    const { status, stdout, stderr } = check(origin, 'base..HEAD');
    expect(status).toBe(1);
    expect(stdout).toBe('commit messages checked: 3, to be reworded: 1\n');
    expect(stderr.split('\n')).toEqual([
      `${hash} "Fixed the queue."`,
      expect.stringMatching(/ {2}.*past tense\. Say what the commit does, such as/),
      expect.stringMatching(/ {2}.*full stop\. Leave it out\./),
      expect.stringContaining('git commit --amend'),
      '',
    ]);
  });
});
