import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { Json } from '../../../src/intake/field.ts';
import { kubeflowAppOf } from '../../../src/intake/spark/applications.ts';
import { ROOT } from '../../support/kustomize.ts';

const path = (name: string) => join(ROOT, 'deploy/examples', name);
const text = (name: string) => readFileSync(path(name), 'utf8');

interface Side {
  schedulerName: string;
  priorityClassName: string;
}

test('the SparkApplication is a gang of a driver and four executors of scheduler muster', () => {
  const object = parse(text('spark-application.yaml')) as Json & { spec: { driver: Side; executor: Side } };
  const { conf } = kubeflowAppOf(object);
  expect(conf.get('spark.executor.instances')).toBe('4');
  expect(conf.get('spark.executor.memory')).toBe('1g');
  const classes = parseAllDocuments(text('priority-classes.yaml')).map(
    (document) => (document.toJS() as { metadata: { name: string } }).metadata.name,
  );
  for (const { schedulerName, priorityClassName } of [object.spec.driver, object.spec.executor]) {
    expect(schedulerName).toBe('muster');
    expect(classes).toContain(priorityClassName);
  }
});

test('spark-submit is given what the script says, as one argument each', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-spark-'));
  writeFileSync(join(folder, 'spark-submit'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env['PATH']}`, API_SERVER: 'https://10.0.0.1:6443' };
  const args = execFileSync('sh', [path('spark-submit.sh')], { encoding: 'utf8', env }).split('\n');
  rmSync(folder, { recursive: true });
  expect(args).toContain('k8s://https://10.0.0.1:6443');
  expect(args).toContain('spark.kubernetes.scheduler.name=muster');
  expect(args).toContain('spark.executor.instances=4');
});
