import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtCli } from '../../support/cli.ts';

const { folder, muster } = builtCli();
const cli = join(folder, 'cli.js');
const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** The program under its two names, and the script of each shell. */
beforeAll(async () => {
  for (const name of ['muster', 'kubectl-muster']) symlinkSync(cli, join(folder, name));
  for (const shell of ['bash', 'zsh', 'fish', 'kubectl'])
    writeFileSync(join(folder, `completion.${shell}`), (await muster('completion', shell)).out);
  writeFileSync(join(folder, 'kubectl_complete-muster'), (await muster('completion', 'kubectl')).out);
  chmodSync(join(folder, 'kubectl_complete-muster'), 0o755);
});

const run = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { cwd: folder, env, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

/** What each shell offers behind this line; the last word is being typed. */
const SHELLS: Readonly<Record<string, (line: string) => string[]>> = {
  bash: (line) =>
    run('bash', [
      '--norc',
      '-c',
      `source ./completion.bash
       COMP_LINE="$1"; COMP_POINT=\${#1}; read -r -a COMP_WORDS <<< "$1"
       [[ "$1" == *" " ]] && COMP_WORDS+=("")
       COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
       _muster; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      line,
    ]),
  zsh: (line) =>
    run('zsh', [
      '-f',
      '-c',
      `compdef() { : }; _describe() { local each; for each in "\${(@P)4}"; do print -r -- "\${each%%:*}"; done }
       _files() { print -r -- *(N) | tr ' ' '\\n' }
       eval "$(cat completion.zsh)"
       words=("\${(@s: :)1}"); CURRENT=\${#words}; _muster`,
      'zsh',
      line,
    ]),
  fish: (line) =>
    run('fish', ['--no-config', '-c', 'source completion.fish; complete -C $argv[1]', line]).map(
      (one) => one.split('\t')[0]!,
    ),
};

describe.each(Object.keys(SHELLS))('%s', (shell) => {
  const offered = SHELLS[shell]!;
  test.skipIf(!has(shell))('offers commands, flags, values and files', () => {
    expect(offered('muster ex')).toEqual(['explain']);
    expect(offered('muster gangs --ph')).toEqual(['--phase']);
    expect(offered('muster gangs --phase ').sort()).toEqual(['degraded', 'running', 'starting', 'waiting']);
    expect(offered('muster gangs -o y')).toEqual(['yaml']);
    expect(offered('muster completion ').sort()).toEqual(['bash', 'fish', 'kubectl', 'zsh']);
    expect(offered('muster check completion.z')).toContain('completion.zsh');
    expect(offered('muster history sh')).toEqual(['show']);
    expect(offered('kubectl-muster que')).toEqual(['queues']);
  });
});

test.skipIf(!has('bash'))('bash breaks words at = and :, and the rest is offered', () => {
  expect(SHELLS['bash']!('muster gangs --phase=r')).toEqual(['running']);
});

test('kubectl asks the plugin in the form of Cobra', () => {
  const offered = (...words: string[]) => run('sh', ['-c', 'kubectl_complete-muster "$@"', 'sh', ...words]);
  expect(offered('gangs', '--ph')).toEqual(['--phase\tonly in this phase', ':4']);
  expect(offered('check', '')).toEqual([':0']);
});

test.skipIf(!has('kubectl'))('kubectl takes the program for its plugin, and help says so', () => {
  expect(run('kubectl', ['muster', '--help'])[0]).toMatch(/^Usage: kubectl muster /);
  expect(run('kubectl', ['muster', '--version'])[0]).toMatch(/^\d+\.\d+\.\d+/);
  expect(run('kubectl', ['muster', 'gangs', '--help'])[0]).toMatch(/^Usage: kubectl muster gangs/);
  expect(run('kubectl', ['plugin', 'list', '--name-only'])).toContain('kubectl-muster');
});

test('where no muster answers, names are not offered, and there is no error', () => {
  const env2 = { ...env, MUSTER_SERVER: '127.0.0.1:9' };
  const { stdout, stderr, status } = spawnSync(join(folder, 'muster'), ['__complete', 'explain', ''], {
    env: env2,
    encoding: 'utf8',
  });
  expect([stdout, stderr, status]).toEqual([':none\n', '', 0]);
});

test('unfinished and strange command lines are no error', () => {
  for (const words of [
    [],
    ['--', ''],
    ['nobody', ''],
    ['gangs', '--server'],
    ['gangs', '--sort', '-'],
    ['--version', ''],
    ['__proto__', ''],
  ]) {
    const { stderr, status, stdout } = spawnSync(join(folder, 'muster'), ['__complete', ...words], {
      env,
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toMatch(/:(none|file)\n$/);
  }
});
