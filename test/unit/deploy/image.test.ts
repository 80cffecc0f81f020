import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../support/kustomize.ts';
import { staticPod } from '../../support/pod-specs.ts';

const lines = (path: string) => readFileSync(join(ROOT, path), 'utf8').replaceAll('\\\n', ' ').split('\n');
const instructions = lines('Dockerfile').filter((line) => /^[A-Z]+ /.test(line));
const of = (name: string) =>
  instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

test('what the image is made of is in the build context, and is there', () => {
  const letIn = lines('.dockerignore')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = of('COPY')
    .filter((args) => !args.startsWith('--from'))
    .flatMap((args) => args.split(/\s+/).slice(0, -1));
  expect(copied.length).toBeGreaterThan(5);
  for (const file of copied) {
    expect(letIn).toContain(file);
    expect(existsSync(join(ROOT, file))).toBe(true);
  }
  expect(letIn.sort()).toEqual([...copied].sort());
});

test('the last stage is not root, and its images have tags', () => {
  for (const from of of('FROM')) expect(from).toMatch(/^[a-z0-9./${}A-Z-]+:[a-z0-9${}A-Z-]+( AS build)?$/);
  expect(of('USER').at(-1)).toBe('65532:65532');
  // Numeric, so that runAsNonRoot can be judged; the same as in the manifests.
  expect(staticPod().spec.securityContext['runAsUser']).toBe(65532);
});

test('it starts the bundle that the build stage makes', () => {
  const [entry] = of('ENTRYPOINT').map((json) => JSON.parse(json) as string[]);
  expect(entry).toEqual(['/nodejs/bin/node', '/muster/dist/cli.js']);
  expect(readFileSync(join(ROOT, 'build.mjs'), 'utf8')).toContain("'dist/cli.js'");
  expect(of('CMD').map((json) => JSON.parse(json) as string[])).toEqual([['serve', '--live']]);
});
