import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { docText } from '../../support/doc-blocks.ts';
import { isInCode, quotedIn } from '../../support/quoted.ts';

const DOC = 'docs/when-something-is-wrong.md';
/** What kube-scheduler, kubectl and Spark say, and fields of their objects. */
const OF_OTHERS = new Set([
  'FailedScheduling',
  'SchedulingGated',
  'default-scheduler',
  'connection refused',
  'context deadline exceeded',
  'urlPrefix',
  'httpTimeout',
  'nodeCacheCapable',
  'nodeSelector',
  'minMember',
  'activeDeadlineSeconds',
  'spark-app-selector',
]);
/** Placeholders, overlays and files that another test looks for. */
const PLAIN = /^(\.\.\.|NAMESPACE\/NAME|muster|dedicated|main|deploy\/[\w./-]+|scheduler-config\/)$/;

const { spans, commands } = quotedIn(DOC);
const isKnown = (span: string) => OF_OTHERS.has(span) || PLAIN.test(span) || isInCode(span);

test('every message, Event, label and field that is quoted is in the code', () => {
  expect(spans.length).toBeGreaterThan(80);
  expect(spans.filter((span) => !commands.includes(span) && !isKnown(span))).toEqual([]);
});

test('the check of messages finds one that is not there', () => {
  expect(isKnown('gang waits for room')).toBe(true);
  expect(isKnown('queue ... is at its max of ...')).toBe(true);
  expect(isKnown('gang waits for rain')).toBe(false);
  expect(isKnown('queue ... is at its top of ...')).toBe(false);
  expect(isKnown('queue.forwardfill')).toBe(false);
});

test('every reason with which the core lets a gang or a member wait is in the document', () => {
  const core = readdirSync(new URL('../../../src/core/admission', import.meta.url)).map((file) =>
    docText(`src/core/admission/${file}`),
  );
  const reasons = core.flatMap((text) => [...text.matchAll(/['`]((?:gang|room) (?:waits|was|is) [^'`]+)['`]/g)]);
  const texts = [...new Set(reasons.map(([, reason]) => reason!.replace(/\$\{.*$/, '').trim()))];
  expect(texts.length).toBeGreaterThan(8);
  expect(texts.filter((text) => !spans.some((span) => span.startsWith(text.slice(0, 24))))).toEqual([]);
});
