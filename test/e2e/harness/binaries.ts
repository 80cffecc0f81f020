import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { inProject } from './root.ts';

export interface Binaries {
  readonly etcd: string;
  readonly apiServer: string;
  readonly scheduler: string;
  /** Of kube-apiserver, such as `Kubernetes v1.36.3`. */
  readonly version: string;
  /** Of kube-scheduler, such as 36 for 1.36.3. */
  readonly schedulerMinor: number;
}

const MODULE = inProject('test/control-plane');
/** Another kube-scheduler than that of test/control-plane: a folder in it, such as 1.30. */
const OTHER_SCHEDULER = process.env['MUSTER_E2E_SCHEDULER'];

/**
 * etcd, kube-apiserver and kube-scheduler: from KUBEBUILDER_ASSETS, as far as they are there; otherwise built from
 * test/control-plane with Go, once, into the user's cache folder, and etcd from the PATH.
 * @returns why there are none, as a text, where there are none
 */
export async function findBinaries(say: (line: string) => void): Promise<Binaries | string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const given = (name: string) => [assets && join(assets, name)].find((path) => path && isExecutable(path));
  const etcd = given('etcd') ?? onPath('etcd');
  if (!etcd) return 'there is no etcd: install it (Debian: etcd-server), or set KUBEBUILDER_ASSETS';
  const missing = ['kube-apiserver', ...(OTHER_SCHEDULER ? [] : ['kube-scheduler'])].filter((name) => !given(name));
  const built = missing.length > 0 ? await build(MODULE, missing, say) : '';
  const other = OTHER_SCHEDULER ? await build(join(MODULE, OTHER_SCHEDULER), ['kube-scheduler'], say) : '';
  if (built === undefined || other === undefined) {
    return 'kube-apiserver or kube-scheduler is missing: set KUBEBUILDER_ASSETS, or install Go, with which they are built';
  }
  const apiServer = given('kube-apiserver') ?? join(built, 'kube-apiserver');
  const scheduler = other ? join(other, 'kube-scheduler') : (given('kube-scheduler') ?? join(built, 'kube-scheduler'));
  const schedulerMinor = Number(/v1\.(\d+)/.exec(versionOf(scheduler))![1]);
  return { etcd, apiServer, scheduler, version: versionOf(apiServer), schedulerMinor };
}

const versionOf = (program: string) => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();

/** @param module the folder of the go.mod that says which version @returns the folder, or undefined without Go */
async function build(
  module: string,
  names: readonly string[],
  say: (line: string) => void,
): Promise<string | undefined> {
  const version = versionIn(module, 'k8s.io/kubernetes');
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version)!;
  const stamp = (key: string, value: string) => `-X k8s.io/component-base/version.${key}=${value}`;
  const flags = [stamp('gitVersion', version), stamp('gitMajor', major!), stamp('gitMinor', minor!)];
  const packages = names.map((name) => `k8s.io/kubernetes/cmd/${name}`);
  return buildTools({ module, packages, flags, cache: `muster-control-plane/${version}` }, say);
}

/** promtool: from the PATH, or built as the others. @returns why there is none, as a text in an object, if there is none */
export async function findPromtool(say: (line: string) => void): Promise<string | { readonly missing: string }> {
  const found = onPath('promtool');
  if (found) return found;
  const module = inProject('test/promtool');
  const cache = `muster-promtool/${versionIn(module, 'github.com/prometheus/prometheus')}`;
  const packages = ['github.com/prometheus/prometheus/cmd/promtool'];
  const built = await buildTools({ module, packages, flags: [], cache }, say);
  return built
    ? join(built, 'promtool')
    : { missing: 'there is no promtool: install it, or Go, with which it is built' };
}

const versionIn = (module: string, path: string): string =>
  new RegExp(`${path} (v[\\d.]+)`).exec(readFileSync(join(module, 'go.mod'), 'utf8'))![1]!;

interface GoTools {
  /** The folder of the go.mod that says which version. */
  readonly module: string;
  readonly packages: readonly string[];
  /** For the linker. */
  readonly flags: readonly string[];
  /** The folder in the user's cache folder. */
  readonly cache: string;
}

/** Builds them once. @returns the folder that has them, or undefined without Go */
async function buildTools(
  { module, packages, flags, cache: folder }: GoTools,
  say: (line: string) => void,
): Promise<string | undefined> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), folder);
  const names = packages.map((path) => path.slice(path.lastIndexOf('/') + 1));
  if (names.every((name) => isExecutable(join(cache, name)))) return cache;
  const go = onPath('go');
  if (!go) return undefined;
  say(`building ${names.join(' and ')}: minutes, once; kept in ${cache}`);
  // Built beside and moved: what a killed build leaves is never taken for a binary.
  const beside = `${cache}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  await run(
    go,
    ['build', '-trimpath', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', `${beside}/`, ...packages],
    module,
  );
  mkdirSync(cache, { recursive: true });
  for (const name of names) renameSync(join(beside, name), join(cache, name));
  rmSync(beside, { recursive: true });
  return cache;
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${code}`)),
    );
  });
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
