import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const run = promisify(execFile);

/** One folder of deploy/components: what turns it on, with which overlays, and after which other. */
const COMPONENTS = [
  { folder: 'webhook', flag: 'webhook', modes: ['dedicated', 'service-mtls'], patches: true },
  {
    folder: 'webhook-own-certificate',
    flag: 'webhookOwnCertificate',
    modes: ['dedicated', 'service-mtls'],
    patches: true,
    after: 'webhook',
  },
  {
    folder: 'webhook-user',
    flag: 'webhookUser',
    modes: ['dedicated', 'service-mtls'],
    patches: true,
    after: 'webhook',
  },
  { folder: 'before-1-35', flag: 'before135', modes: ['dedicated', 'service-mtls'], patches: true },
  // The values' schema refuses it with `dedicated`.
  {
    folder: 'kube-scheduler-elsewhere',
    flag: 'elsewhere',
    modes: ['service-mtls'],
    patches: true,
    refused: ['dedicated'],
  },
  { folder: 'network-policy', flag: 'networkPolicy', modes: ['dedicated'] },
  { folder: 'service-monitor', flag: 'serviceMonitor', modes: ['dedicated'] },
  { folder: 'service-monitor-mtls', flag: 'serviceMonitor', modes: ['service-mtls'] },
  { folder: 'console-rbac', flag: 'consoleRbac', modes: ['dedicated'] },
  { folder: 'provisioning', flag: 'provisioning', modes: ['dedicated', 'main', 'service-mtls'] },
  { folder: 'provisioning-main', flag: 'provisioning', modes: ['main'] },
  { folder: 'alerts', flag: 'alerts', modes: ['dedicated', 'main', 'service-mtls'] },
  { folder: 'dashboard', flag: 'dashboard', modes: ['dedicated', 'main', 'service-mtls'] },
];

export const MODES = ['dedicated', 'main', 'service-mtls'];
/** The folders of deploy/components that the chart and `muster install` offer. */
export const FOLDERS = COMPONENTS.map(({ folder }) => folder);
export const FLAGS = [...new Set(COMPONENTS.map(({ flag }) => flag))];

/** Every subset of the list. */
const subsets = (list) =>
  Array.from({ length: 2 ** list.length }, (_, bits) => list.filter((_item, i) => (bits >> i) & 1));

/**
 * What has to be rendered to know what depends on which choice: components that patch what others patch, in every
 * combination, and those that only add, all of them, none, and all but one.
 * @returns {{ mode: string, flags: readonly string[] }[]}
 */
export function variants() {
  return MODES.flatMap((mode) => {
    const offered = COMPONENTS.filter(({ modes }) => modes.includes(mode));
    const adding = [...new Set(offered.filter(({ patches }) => !patches).map(({ flag }) => flag))];
    const patching = subsets(offered.filter(({ patches }) => patches)).filter((chosen) =>
      chosen.every(({ after }) => !after || chosen.some(({ flag }) => flag === after)),
    );
    const foreign = FLAGS.filter(
      (name) =>
        !COMPONENTS.some(({ flag, modes, refused = [] }) => flag === name && [...modes, ...refused].includes(mode)),
    );
    return [
      ...patching.map((chosen) => [...chosen.map(({ flag }) => flag), ...adding]),
      ...adding.map((left) => adding.filter((flag) => flag !== left)),
      [],
      // What a mode does not offer changes nothing.
      foreign,
      [...foreign, ...adding],
    ].map((flags) => ({ mode, flags }));
  });
}

/** The folder that kustomize starts from, and the components after it. `dedicated` is `base` with its network policy. */
export function stackOf({ mode, flags }) {
  const chosen = COMPONENTS.filter(({ flag, modes }) => flags.includes(flag) && modes.includes(mode));
  const isPlain = mode === 'dedicated' && !flags.includes('networkPolicy');
  return {
    base: isPlain ? 'deploy/base' : `deploy/overlays/${mode}`,
    components: chosen.map(({ folder }) => folder).filter((folder) => folder !== 'network-policy'),
  };
}

/** What `kubectl kustomize` makes of a variant. */
export async function render(variant) {
  const { base, components } = stackOf(variant);
  // Beside deploy/, since kustomize reads relative paths alone.
  const folder = mkdtempSync(join(ROOT, 'deploy', '.kustomize-'));
  try {
    const to = (target) => relative(folder, join(ROOT, target));
    const lines = components.map((name) => `  - ${to(`deploy/components/${name}`)}`);
    const text = ['resources:', `  - ${to(base)}`, ...(lines.length > 0 ? ['components:', ...lines] : []), ''];
    writeFileSync(join(folder, 'kustomization.yaml'), text.join('\n'));
    const { stdout } = await run('kubectl', ['kustomize', folder], { maxBuffer: 2 ** 26 });
    return parseAllDocuments(stdout).map((document) => document.toJS());
  } finally {
    rmSync(folder, { recursive: true });
  }
}
