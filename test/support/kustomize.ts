import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

export interface Stack {
  readonly base: string;
  readonly components: readonly string[];
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const hasKubectl = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'kubectl')));

/** What docs/install.md offers, by name. */
export const STACKS: Readonly<Record<string, Stack>> = {
  base: { base: 'deploy/base', components: [] },
  dedicated: { base: 'deploy/overlays/dedicated', components: [] },
  'dedicated before 1.35': { base: 'deploy/overlays/dedicated', components: ['before-1-35'] },
  'dedicated with every component': {
    base: 'deploy/overlays/dedicated',
    components: ['service-monitor', 'alerts', 'dashboard', 'webhook'],
  },
  'dedicated with a certificate of its own': {
    base: 'deploy/overlays/dedicated',
    components: ['webhook', 'webhook-own-certificate'],
  },
  'dedicated with users from the webhook': {
    base: 'deploy/overlays/dedicated',
    components: ['webhook', 'webhook-own-certificate', 'webhook-user'],
  },
  'dedicated with readers by their rights': { base: 'deploy/overlays/dedicated', components: ['console-rbac'] },
  main: { base: 'deploy/overlays/main', components: [] },
  'main with alerts': { base: 'deploy/overlays/main', components: ['alerts', 'dashboard'] },
  'service-mtls': { base: 'deploy/overlays/service-mtls', components: [] },
  'service-mtls, kube-scheduler elsewhere': {
    base: 'deploy/overlays/service-mtls',
    components: ['kube-scheduler-elsewhere'],
  },
  'service-mtls with every component': {
    base: 'deploy/overlays/service-mtls',
    components: ['service-monitor-mtls', 'alerts', 'dashboard', 'webhook', 'before-1-35'],
  },
};

/** What `kubectl kustomize` makes of a stack. `more`: further lines of the kustomization. */
export function kustomize({ base, components }: Stack, more: readonly string[] = []): readonly Manifest[] {
  if (components.length + more.length === 0) return kustomizeFolder(join(ROOT, base));
  // Beside deploy/, since kustomize reads relative paths alone.
  const folder = mkdtempSync(join(ROOT, 'deploy', '.kustomize-'));
  try {
    const to = (target: string) => relative(folder, join(ROOT, target));
    const lines = components.map((name) => `  - ${to(`deploy/components/${name}`)}`);
    const text = ['resources:', `  - ${to(base)}`, ...(lines.length > 0 ? ['components:', ...lines] : []), ...more, ''];
    writeFileSync(join(folder, 'kustomization.yaml'), text.join('\n'));
    return kustomizeFolder(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `kubectl kustomize` makes of a folder. */
export function kustomizeFolder(folder: string): readonly Manifest[] {
  const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', cwd: tmpdir() });
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}
