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

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const hasKubectl = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'kubectl')));

/** Everything that can be applied, by name. */
export const STACKS: Readonly<Record<string, { readonly base: string; readonly components: readonly string[] }>> = {
  base: { base: 'deploy/base', components: [] },
  dedicated: { base: 'deploy/overlays/dedicated', components: [] },
  main: { base: 'deploy/overlays/main', components: [] },
  'service-mtls': { base: 'deploy/overlays/service-mtls', components: [] },
  'dedicated with every component': {
    base: 'deploy/overlays/dedicated',
    components: ['service-monitor', 'alerts', 'dashboard', 'webhook'],
  },
};

/** What `kubectl kustomize` makes of a stack. */
export function kustomize(stack: string): readonly Manifest[] {
  const { base, components } = STACKS[stack]!;
  // Beside deploy/, since kustomize reads relative paths alone.
  const folder = mkdtempSync(join(components.length > 0 ? join(ROOT, 'deploy') : tmpdir(), '.kustomize-'));
  try {
    let path = join(ROOT, base);
    if (components.length > 0) {
      const to = (target: string) => relative(folder, join(ROOT, target));
      const lines = components.map((name) => `  - ${to(`deploy/components/${name}`)}`);
      writeFileSync(
        join(folder, 'kustomization.yaml'),
        ['resources:', `  - ${to(base)}`, 'components:', ...lines, ''].join('\n'),
      );
      path = folder;
    }
    const text = execFileSync('kubectl', ['kustomize', path], { encoding: 'utf8' });
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
