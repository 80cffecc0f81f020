import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../../src/core/errors.ts';
import type { Json } from '../../../../src/intake/field.ts';
import { DEFAULT_CONTEXT } from '../../../../src/intake/gang-objects.ts';
import { toNodeInfo } from '../../../../src/intake/node.ts';
import { daemonSetClaimOf } from '../../../../src/intake/pinned.ts';
import { membershipSource, rereadMembership, toPodInfo } from '../../../../src/intake/pod.ts';
import { ProtobufReader } from '../../../../src/kube/decode/envelope.ts';
import { NODE } from '../../../../src/kube/decode/node.ts';
import { POD } from '../../../../src/kube/decode/pod.ts';
import { propertyRuns, timesMet } from '../../../support/property-runs.ts';
import { bytesField, encode, enveloped, frame, type EncodeOptions } from '../../../support/protobuf/encode.ts';
import { sampleNode, samplePod } from '../../../support/protobuf/samples.ts';

const RECORDINGS = join(import.meta.dirname, '../../../wire/recordings');

/** Every pod or node in the recordings. */
function recorded(kind: 'Pod' | 'Node'): Json[] {
  const out: Json[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value as Json)) {
      if (key === 'Pod' && kind === 'Pod') out.push(inner as Json);
      else if (key === 'Nodes' && kind === 'Node') out.push(...((inner as { items?: Json[] } | null)?.items ?? []));
      else look(inner);
    }
  };
  for (const file of readdirSync(RECORDINGS).filter((name) => name.endsWith('.json')))
    look(JSON.parse(readFileSync(join(RECORDINGS, file), 'utf8')));
  return out;
}

const rawOf = (kind: string, object: Json, options?: EncodeOptions) =>
  encode(kind, { ...object, kind: undefined, apiVersion: undefined }, options);

function pageOf(kind: string, raw: readonly Buffer[]): Buffer {
  const metadata = encode('ListMeta', { resourceVersion: '77', continue: 'next' });
  return enveloped(`${kind}List`, Buffer.concat([bytesField(1, metadata), ...raw.map((one) => bytesField(2, one))]));
}

/** The record, or that there is none. What is wrong with an object may be told in other words. */
function readOr(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof MusterError) return 'cannot be read';
    throw error;
  }
}

const CONTEXT = { ...DEFAULT_CONTEXT, schedulerNames: new Set(['muster']) };

/** All that the feed makes of a pod. */
const podRecord = (object: unknown) =>
  readOr(() => {
    const info = toPodInfo(object, 'Pod', CONTEXT);
    const again = rereadMembership(info, membershipSource(object as Json, 'Pod'), CONTEXT);
    return { info, again, claim: daemonSetClaimOf(object as Json, 'Pod') };
  });
const nodeRecord = (object: unknown) => readOr(() => toNodeInfo(object, 'Node'));

const KINDS = [
  { kind: 'Pod', resource: POD, record: podRecord, sample: samplePod },
  { kind: 'Node', resource: NODE, record: nodeRecord, sample: sampleNode },
] as const;

describe.each(KINDS)('a $kind', ({ kind, resource, record, sample }) => {
  test('of the recordings is the same in both encodings', () => {
    const objects = recorded(kind);
    expect(objects.length).toBeGreaterThan(20);
    const raw = objects.map((object) => rawOf(kind, object));
    const page = new ProtobufReader(resource).page(pageOf(kind, raw));
    expect([...page.items].map(record)).toEqual(objects.map(record));
    expect(page).toMatchObject({ version: '77', token: 'next' });
  });

  test('of any content is the same in both encodings, in lists and events', () => {
    const seen = { read: 0, unreadable: 0 };
    // One reader for all: what it keeps of one object must be right for the next.
    const reader = new ProtobufReader(resource);
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 4 }), fc.boolean(), (objects, isZeroWritten) => {
        const raw = objects.map((object) => rawOf(kind, object, { isZeroWritten: () => isZeroWritten }));
        const expected = objects.map((object) => record(JSON.parse(JSON.stringify(object))));
        expect([...reader.page(pageOf(kind, raw)).items].map(record)).toEqual(expected);
        const [event] = [reader.event(frame('MODIFIED', enveloped(kind, raw[0]!)).subarray(4))];
        expect(event.type).toBe('MODIFIED');
        expect(record(event.object)).toEqual(expected[0]);
        for (const one of expected) seen[one === 'cannot be read' ? 'unreadable' : 'read']++;
      }),
      { seed: 15, numRuns: propertyRuns(400) },
    );
    expect(seen.read).toBeGreaterThan(timesMet(300));
    expect(seen.unreadable).toBeGreaterThan(timesMet(10));
  });
});

test('every field that muster reads of a pod is read from protobuf', () => {
  const missed = new Set<string>();
  const read = new Set<string>();
  const reader = new ProtobufReader(POD);
  fc.assert(
    fc.property(samplePod, (pod) => {
      const json = JSON.parse(JSON.stringify(pod)) as Json;
      const decoded = [...reader.page(pageOf('Pod', [rawOf('Pod', json)])).items][0];
      podRecord(watched(json, decoded, '', (path, isThere) => (isThere ? read : missed).add(path)));
    }),
    { seed: 15, numRuns: propertyRuns(400) },
  );
  expect([...missed]).toEqual([]);
  expect(read.size).toBeGreaterThan(50);
});

/** The JSON of an object that tells which of its fields are read, and whether the decoded object has them as well. */
function watched(json: object, decoded: unknown, path: string, tell: (path: string, isThere: boolean) => void): object {
  return new Proxy(json, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key) || key === 'length') return value;
      const other: unknown = (decoded as Json | undefined)?.[key];
      const at = `${path}.${Array.isArray(target) ? '[]' : key}`;
      // Nothing is missed where there is nothing; preferences of pods for nodes are a part of keys alone.
      const isNothing = value === '' || (Array.isArray(value) && value.length === 0) || isEmpty(value);
      if (!isNothing && !UNREAD.some((unread) => at.startsWith(unread))) tell(at, other !== undefined);
      return typeof value === 'object' && value !== null ? watched(value, other, at, tell) : value;
    },
  });
}

const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/**
 * Read as a whole, to tell whether two pods have the same constraints: what is not read of them constrains nothing. Of
 * the variables one is read; others are passed by.
 */
const UNREAD = ['.spec.affinity', '.spec.tolerations', '.spec.containers.[].env'];
