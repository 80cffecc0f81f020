import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { findPromtool } from './harness/binaries.ts';
import { inProject } from './harness/root.ts';

const promtool = await findPromtool((line) => console.log(line));
if (typeof promtool !== 'string') console.log(`SKIPPED: ${promtool.missing}`);

/** test/live/rules.test.ts checks names and labels without promtool. */
describe.skipIf(typeof promtool !== 'string')('promtool finds that the rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-promtool-'));
  const alerts = (name: string) => inProject(`deploy/components/alerts/${name}`);
  const run = (...args: string[]): string =>
    execFileSync(promtool as string, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

  /** As a plain file of rules, which is what the operator makes of a PrometheusRule. */
  beforeAll(() => {
    const { spec } = parse(readFileSync(alerts('prometheus-rule.yaml'), 'utf8')) as { spec: unknown };
    writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
    copyFileSync(alerts('tests.yaml'), join(folder, 'tests.yaml'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are well-formed', () => {
    expect(run('check', 'rules', '--lint=all', 'rules.yaml')).toMatch(/SUCCESS: \d+ rules found/);
  });

  test('ring and are silent as deploy/components/alerts/tests.yaml says', () => {
    expect(run('test', 'rules', 'tests.yaml')).toContain('SUCCESS');
  });

  test('would not pass with a limit that is wrong', () => {
    const rules = readFileSync(join(folder, 'rules.yaml'), 'utf8');
    writeFileSync(join(folder, 'wrong.yaml'), rules.replace('can_start="yes"', 'can_start="no"'));
    const tests = readFileSync(join(folder, 'tests.yaml'), 'utf8');
    writeFileSync(join(folder, 'wrong-tests.yaml'), tests.replace('rules.yaml', 'wrong.yaml'));
    expect(() => run('test', 'rules', 'wrong-tests.yaml')).toThrow(/MusterOldestWaiting/);
  });
});
