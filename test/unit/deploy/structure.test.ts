import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasKubectl, kustomize, ROOT, STACKS, type Manifest } from '../../support/kustomize.ts';
import { staticPod } from '../../support/pod-specs.ts';
import { problemsOf, type Schemas } from '../../support/structure.ts';

if (!hasKubectl) console.log('SKIPPED: there is no kubectl, which builds what deploy/ says');

const schemasOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`./schemas/${name}.json`, import.meta.url), 'utf8')) as Schemas;
const [kubernetes, operators] = [schemasOf('kubernetes'), schemasOf('operators')];
const schemas: Schemas = {
  kinds: { ...kubernetes.kinds, ...operators.kinds },
  types: { ...kubernetes.types, ...operators.types },
};
const problems = (all: readonly Manifest[]) =>
  all.flatMap((object) => problemsOf(object, schemas).map((line) => `${object.metadata.name}: ${line}`));

/** Every choice among these, as bits. */
const OPTIONAL = ['service-monitor', 'alerts', 'dashboard', 'webhook', 'network-policy'];
const CHOICES = Array.from({ length: 2 ** OPTIONAL.length }, (_, bits) =>
  OPTIONAL.filter((_name, i) => (bits >> i) & 1),
);

describe.skipIf(!hasKubectl)('every object is well formed', () => {
  test.each(Object.keys(STACKS))('%s', (stack) => {
    const all = kustomize(STACKS[stack]!);
    expect(all.length).toBeGreaterThan(4);
    expect(problems(all)).toEqual([]);
  });

  test.each(CHOICES.map((components) => ({ components })))('base with $components', ({ components }) => {
    expect(problems(kustomize({ base: 'deploy/base', components }))).toEqual([]);
  });
});

test.skipIf(!hasKubectl)('the Jobs of replays are well formed', () => {
  for (const base of ['deploy/replay-job', 'deploy/replay-job/merge'])
    expect(problems(kustomize({ base, components: [] }))).toEqual([]);
});

test('the static pod is well formed', () => {
  expect(problems([staticPod()])).toEqual([]);
});

test.each(['priority-classes', 'spark-namespace'])('the example %s is well formed', (name) => {
  const text = readFileSync(join(ROOT, `deploy/examples/${name}.yaml`), 'utf8');
  expect(problems(parseAllDocuments(text).map((document) => document.toJS() as Manifest))).toEqual([]);
});

describe('what is wrong is found', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' } };
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'x' } };
  test.each([
    { object: { ...service, spec: { prots: [] } }, says: 'Service.spec.prots: is no field' },
    { object: { ...service, spec: { ports: {} } }, says: 'Service.spec.ports: is no list' },
    {
      object: { ...service, spec: { ports: [{ port: '80' }] } },
      says: 'Service.spec.ports[0].port: "80" is no integer',
    },
    { object: { ...service, spec: { ports: [{}] } }, says: 'Service.spec.ports[0].port: is missing' },
    { object: { ...service, spec: { selector: { app: 1 } } }, says: 'Service.spec.selector.app: 1 is no string' },
    { object: { ...service, spec: [] }, says: 'Service.spec: is no map' },
    { object: { ...service, kind: 'Servce' }, says: 'no schema of v1 Servce' },
    {
      object: { ...budget, spec: { minAvailable: true } },
      says: 'PodDisruptionBudget.spec.minAvailable: true is no integer|string',
    },
    {
      object: { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'x' }, spec: { vault: {} } },
      says: 'Issuer.spec.vault: its schema was left out: run test/unit/deploy/schemas/compact.mjs again',
    },
  ])('$says', ({ object, says }) => {
    expect(problemsOf(object, schemas)).toEqual([says]);
  });
});
