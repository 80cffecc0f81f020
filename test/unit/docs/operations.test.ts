import { expect, test } from 'vitest';
import { docText } from '../../support/doc-blocks.ts';
import { isInCode, quotedIn } from '../../support/quoted.ts';

/** What Kubernetes, Node.js and the client library say. */
const OF_OTHERS = new Set([
  'kill -9',
  'info.version',
  'process_resident_memory_bytes',
  'apiserver_admission_webhook_fail_open_count{name="spark.muster.dev"}',
]);
/** Objects and folders of the manifests, commands, fields with values and routes, which other tests look at. */
const PLAIN =
  /^(muster-(policies|annotations)|deploy\/[\w./-]+|npx vitest .*|muster --version|preemption: \{ mode: enforce \}|mode: off|GET \/v1\/.*)$/;

const { spans, commands } = quotedIn('docs/operations.md');
const manifests = docText('deploy/access/admission-policies.yaml');

/** A counter of live-metrics.ts, which has neither prefix nor suffix there. */
const isCounter = (span: string) => {
  const [, name] = /^muster_(\w+)_total$/.exec(span) ?? [];
  return name !== undefined && isInCode(`'${name}'`);
};
const isKnown = (span: string) =>
  OF_OTHERS.has(span) ||
  PLAIN.test(span) ||
  isInCode(span) ||
  isCounter(span) ||
  manifests.includes(span.replace(/ \.\.\.$/, ''));

test('every message, metric and field that is quoted is in the code', () => {
  expect(spans.length).toBeGreaterThan(80);
  expect(spans.filter((span) => !commands.includes(span) && !isKnown(span))).toEqual([]);
});

test('the check finds what is not there', () => {
  expect(isKnown('the API server does not answer')).toBe(true);
  expect(isKnown('muster_evictions_total')).toBe(true);
  expect(isKnown('policy file refused')).toBe(false);
  expect(isKnown('muster_apologies_total')).toBe(false);
});
