import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: { readonly check: { readonly 'timeout-minutes': number; readonly steps: readonly Step[] } };
}

const { permissions, jobs } = parse(text('.github/workflows/ci.yml')) as Workflow;
const { steps, 'timeout-minutes': minutes } = jobs.check;
const inputs = (action: string) => steps.find(({ uses }) => uses?.startsWith(`actions/${action}@`))?.with ?? {};

test('it ends with .ci/run, may only read, and does not hang', () => {
  expect(steps.at(-1)).toEqual({ run: 'bash .ci/run' });
  expect(permissions).toEqual({ contents: 'read' });
  expect(minutes).toBe(90);
});

// test/unit/deploy/image.test.ts compares the versions with package.json and the image.
test('Node.js is that of the matrix; Go is what the control plane asks', () => {
  expect(inputs('setup-node')['node-version']).toBe('${{ matrix.node }}');
  const { 'go-version-file': goMod, 'cache-dependency-path': goSum } = inputs('setup-go');
  for (const file of [goMod, ...String(goSum).trim().split('\n')])
    expect(existsSync(join(ROOT, String(file)))).toBe(true);
});

test('the checkout is whole: the check of commit messages looks back', () => {
  expect(inputs('checkout')['fetch-depth']).toBe(0);
});
