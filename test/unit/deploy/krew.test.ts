import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../support/kustomize.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** As krew reads it: pkg/index/types.go, and what `krew index` and validate-krew-manifest refuse. */
const Plugin = z.strictObject({
  apiVersion: z.literal('krew.googlecontainertools.github.com/v1alpha2'),
  kind: z.literal('Plugin'),
  metadata: z.strictObject({ name: z.string().regex(/^[\w-]+$/) }),
  spec: z.strictObject({
    version: z.string().regex(/^v\d+\.\d+\.\d+$/),
    homepage: z.url(),
    shortDescription: z.string().min(1).max(50).regex(/[^.]$/),
    description: z.string().min(1),
    caveats: z.string().min(1),
    platforms: z
      .array(
        z.strictObject({
          selector: z.strictObject({
            matchExpressions: z.array(
              z.strictObject({
                key: z.enum(['os', 'arch']),
                operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
                values: z.array(z.enum(['darwin', 'linux', 'windows', 'amd64', 'arm64'])),
              }),
            ),
          }),
          uri: z.url().regex(/^https:.*\.(tar\.gz|zip)$/),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
          files: z.array(z.strictObject({ from: z.string().min(1), to: z.string().min(1) })).min(1),
          bin: z.string().min(1),
        }),
      )
      .min(1),
  }),
});

const manifest = Plugin.parse(parse(read('deploy/krew/muster.yaml')));

test('the manifest names the version of the package, and its program', () => {
  const { version, bin } = JSON.parse(read('package.json')) as { version: string; bin: Record<string, string> };
  expect(manifest.spec.version).toBe(`v${version}`);
  expect(bin['kubectl-muster']).toBe(bin['muster']);
  for (const { bin: program, files, uri } of manifest.spec.platforms) {
    expect(program).toBe(`kubectl-${manifest.metadata.name}`);
    expect(files.map(({ from }) => from)).toContain(program);
    expect(uri).toContain(manifest.spec.version);
  }
});

test('the commands of its description are there', () => {
  const named = [...manifest.spec.description.matchAll(/kubectl muster (\w+)/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(4);
  const source = read('src/cli/server-commands.ts');
  for (const name of named) expect(source).toMatch(new RegExp(`\\.command\\('${name}[ ']`));
});
