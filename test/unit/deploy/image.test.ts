import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
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

const args = new Map(of('ARG').map((line) => line.split('=') as [string, string | undefined]));

test('its images have the tags of one Node.js, and a release build can name them by digest', () => {
  // The bundle is built on the builder's own platform: nothing is emulated, since the last stage only copies.
  expect(of('FROM')).toEqual(['--platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build', '${RUN_IMAGE}']);
  expect(instructions.slice(instructions.indexOf('FROM ${RUN_IMAGE}')).filter((line) => /^RUN /.test(line))).toEqual(
    [],
  );
  const images = instructions.filter((line) => /^ARG (BUILD|RUN)_IMAGE=/.test(line));
  expect(images).toHaveLength(2);
  for (const image of images) expect(image).toMatch(/=[a-z0-9./-]+(:|nodejs)\$\{NODE\}-[a-z0-9:-]+$/);
});

test.each([
  ['no release', {}, 0],
  ['a release of tags', { RELEASE: '1' }, 1],
  ['a release of which one image has a tag alone', { RELEASE: '1', BUILD_IMAGE: 'node@sha256:0' }, 1],
  ['a release by digest', { RELEASE: '1', BUILD_IMAGE: 'node:24@sha256:0', RUN_IMAGE: 'x@sha256:0' }, 0],
])('%s is built or refused', (_, given, status) => {
  const check = of('RUN').find((command) => command.startsWith('if [ -n "$RELEASE" ]')) ?? 'exit 2';
  const env = { BUILD_IMAGE: 'node:24-slim', RUN_IMAGE: 'distroless:nonroot', ...given };
  expect(spawnSync('sh', ['-c', check], { env, stdio: 'ignore' }).status).toBe(status);
});

test('it has the newest Node.js of the workflow, and the last stage is not root', () => {
  const workflow = parse(readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')) as {
    jobs: { check: { strategy: { matrix: { node: number[] } } } };
  };
  const { node } = workflow.jobs.check.strategy.matrix;
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  expect(engines.node.startsWith(`>=${Math.min(...node)}.`)).toBe(true);
  expect(args.get('NODE')).toBe(String(Math.max(...node)));
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
