import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../support/kustomize.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

const FILES = [
  ...['package.json', 'CHANGELOG.md', 'LICENSE', 'docs/upgrade.md', '.ci/release.mjs'],
  ...['deploy/helm/muster/Chart.yaml', 'deploy/base/kustomization.yaml', 'deploy/overlays/main/static-pod.yaml'],
  'deploy/krew/muster.yaml',
];
const work = mkdtempSync(join(tmpdir(), 'muster-release-'));
afterAll(() => rmSync(work, { recursive: true }));

/** A copy of what has a version, with changes. */
function copyWith(changes: Readonly<Record<string, (text: string) => string>>): string {
  const folder = mkdtempSync(join(work, 'copy-'));
  for (const file of FILES.filter((name) => existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), changes[file]?.(read(file)) ?? read(file));
  }
  return folder;
}

const script = (folder: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['.ci/release.mjs', ...args], { cwd: folder, encoding: 'utf8' });

test('every place has the version of package.json', () => {
  const { stdout, stderr } = script(ROOT, 'check');
  expect(stderr).toBe('');
  expect(stdout).toBe(`version ${version}: 0 to be mended\n`);
});

const released = (text: string) => text.replace(/^## Unreleased$/m, `## ${version} - 2026-12-01`);

test('a release is what its tag, the changelog and the upgrade notes say', () => {
  const ready = copyWith({
    'CHANGELOG.md': released,
    'docs/upgrade.md': (text) => `${text}\n## To ${version}\n`,
  });
  expect(script(ready, 'check', `v${version}`).stderr).toBe('');
  expect(script(ready, 'check', `v${version}`).status).toBe(0);
  const other = script(ready, 'check', 'v9.9.9');
  expect(other.stderr).toBe(`tag v9.9.9: expected v${version}, as in package.json\n`);
  expect(other.status).toBe(1);
});

test.each([
  [
    'deploy/helm/muster/Chart.yaml',
    (text: string) => text.replace(/^version: .*$/m, 'version: 9.9.9'),
    '9.9.9: expected',
  ],
  ['deploy/helm/muster/Chart.yaml', (text: string) => text.replace(/^appVersion: .*$/m, ''), 'no version: expected'],
  ['deploy/base/kustomization.yaml', (text: string) => text.replaceAll(version, '9.9.9'), '9.9.9: expected'],
  ['deploy/overlays/main/static-pod.yaml', (text: string) => text.replaceAll(version, '9.9.9'), '9.9.9: expected'],
  ['CHANGELOG.md', (text: string) => text.replace('## Unreleased', '## Soon'), 'Soon: expected Unreleased'],
])('%s is found out (%#)', (file, change, says) => {
  const { stderr, status } = script(copyWith({ [file]: change }), 'check');
  expect(stderr).toContain(`${file}: ${says}`);
  expect(status).toBe(1);
});

test('the notes of a release are its section of the changelog', () => {
  const { stdout } = script(
    copyWith({ 'CHANGELOG.md': () => '# C\n\n## 2.0.0 - 2026-01-01\n\n- b\n\n## 1.0.0 - 2025-01-01\n\n- a\n' }),
    'notes',
    '2.0.0',
  );
  expect(stdout).toBe('- b\n');
  expect(script(ROOT, 'notes', '9.9.9').status).toBe(1);
});

test('the chart of a release names the image by its digest', () => {
  const folder = join(work, 'chart');
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(script(ROOT, 'chart', folder, 'ghcr.io/x/muster', digest).status).toBe(0);
  const values = parse(readFileSync(join(folder, 'values.yaml'), 'utf8')) as Record<string, unknown>;
  expect(values['image']).toEqual({ repository: 'ghcr.io/x/muster', tag: '', digest });
  expect(script(ROOT, 'chart', folder, 'ghcr.io/x/muster', 'latest').stderr).toContain('latest: expected sha256');
});

test('the plugin is packed the same each time, and krew is told its sum', () => {
  const folder = copyWith({});
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'dist/cli.js'));
  const pack = (name: string) => {
    expect(script(folder, 'plugin', name, 'https://example.org/v').stderr).toBe('');
    return readFileSync(join(folder, name, 'SHA256SUMS'), 'utf8');
  };
  const sums = pack('a');
  expect(pack('b')).toBe(sums);
  const [sum, archive] = sums.trim().split('  ') as [string, string];
  const listing = execFileSync('tar', ['-tvf', join(folder, 'a', archive)], { encoding: 'utf8' });
  expect(listing).toMatch(/^-rwxr-xr-x 0\/0 .* kubectl-muster\n-rw-r--r-- 0\/0 .* LICENSE\n$/);
  if (!existsSync(join(ROOT, 'deploy/krew/muster.yaml'))) return;
  const krew = readFileSync(join(folder, 'a/muster.yaml'), 'utf8');
  expect(krew).toContain(`uri: https://example.org/v/${archive}`);
  expect(krew).toContain(sum);
});

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: Readonly<Record<string, string>>; readonly steps: readonly Step[] }>
  >;
}
interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

test.each(['ci', 'release'])('workflow %s names actions by commit, and leaves no credentials behind', (name) => {
  const file = `.github/workflows/${name}.yml`;
  const { jobs } = parse(read(file)) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const used = steps.filter(({ uses }) => uses !== undefined);
  expect(used.length).toBeGreaterThan(4);
  for (const { uses, with: inputs } of used) {
    expect(uses).toMatch(/^actions\/(checkout|setup-node|setup-go)@[0-9a-f]{40}$/);
    if (uses!.startsWith('actions/checkout@')) expect(inputs?.['persist-credentials']).toBe(false);
  }
  for (const line of read(file)
    .split('\n')
    .filter((text) => text.includes('uses:')))
    expect(line).toMatch(/ # v\d+\.\d+\.\d+$/);
  // What somebody outside names, such as a branch, goes in by the environment.
  for (const { run = '' } of steps) expect(run).not.toContain('${{');
});

test('a release asks for few rights, and a run by hand publishes nothing', () => {
  const { permissions, jobs } = parse(read('.github/workflows/release.yml')) as Workflow;
  expect(permissions).toEqual({});
  expect(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))).toEqual({
    check: { contents: 'read' },
    image: { contents: 'read', packages: 'write', 'id-token': 'write' },
    chart: { contents: 'read', packages: 'write', 'id-token': 'write' },
    publish: { contents: 'write', 'id-token': 'write' },
  });
  const publishing = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .filter(({ run = '' }) => /cosign" sign|registry login|docker login|helm" push|gh release/.test(run));
  expect(publishing.length).toBe(4);
  for (const step of publishing) expect(step.if).toBe("needs.check.outputs.publish == 'true'");
});
