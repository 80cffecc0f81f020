import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../../src/core/errors.ts';
import { toPodInfo } from '../../../../src/intake/pod.ts';
import { ProtobufReader, statusOf } from '../../../../src/kube/decode/envelope.ts';
import { POD } from '../../../../src/kube/decode/pod.ts';
import { readFrames } from '../../../../src/kube/decode/read-frames.ts';
import { Times } from '../../../../src/kube/decode/times.ts';
import { Wire, WireError } from '../../../../src/kube/decode/wire.ts';
import { propertyRuns, timesMet } from '../../../support/property-runs.ts';
import { bytesField, encode, enveloped, frame } from '../../../support/protobuf/encode.ts';
import { samplePod } from '../../../support/protobuf/samples.ts';

function wireOf(...bytes: readonly number[]): { wire: Wire; end: number } {
  const wire = new Wire();
  wire.bytes = Buffer.from(bytes);
  return { wire, end: bytes.length };
}

test.each([
  [[0], 0],
  [[127], 127],
  [[128, 1], 128],
  [[255, 255, 3], 65_535],
  [[128, 128, 128, 128, 8], 2 ** 31],
  [[255, 255, 255, 255, 255, 255, 255, 15], 2 ** 53 - 1],
  [[255, 255, 255, 255, 255, 255, 255, 255, 255, 1], -1],
  [[128, 128, 128, 128, 248, 255, 255, 255, 255, 1], -(2 ** 31)],
  [[255, 255, 255, 255, 255, 255, 255, 255, 127], 2 ** 63],
  // Longer than need be, which is allowed.
  [[129, 0], 1],
])('the number in %j is %d', (bytes, expected) => {
  const { wire, end } = wireOf(...bytes);
  expect(wire.integer(end)).toBe(expected);
  expect(wire.at).toBe(end);
});

test.each([
  ['a number that ends early', [128]],
  ['a number of eleven bytes', [...Array<number>(10).fill(128), 1]],
  ['a field without its length', [10]],
  ['a length beyond the end', [10, 2, 1]],
  ['a length below 0', [10, ...Array<number>(9).fill(255), 1]],
  ['field 0', [2, 0]],
  ['a group', [11, 12]],
  ['a double that ends early', [9, 0, 0, 0]],
])('%s is an error', (_what, bytes) => {
  const raw = Buffer.from(bytes);
  expect(() => statusOf(enveloped('Status', raw))).toThrow(WireError);
});

const page = (...items: readonly Buffer[]) =>
  enveloped('PodList', Buffer.concat(items.map((item) => bytesField(2, item))));

describe('malformed bytes', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['other magic bytes', Buffer.from('k9s\0')],
    ['the bytes of a JSON answer', Buffer.from('{"items":[]}')],
    ['another kind', enveloped('NodeList', Buffer.alloc(0))],
    ['a kind that only begins so', enveloped('PodListX', Buffer.alloc(0))],
    ['a field with another wire type', page(Buffer.from([8, 1]))],
    ['one field in two places', page(bytesField(1, Buffer.concat([label('a'), bytesField(1, 'n'), label('b')])))],
  ])('%s are an error', (_what, bytes) => {
    expect(() => [...new ProtobufReader(POD).page(bytes).items]).toThrow(WireError);
  });

  test('whatever is changed or cut off, there is a record, an unreadable object or an error of ours', () => {
    const seen = { record: 0, unreadable: 0, broken: 0 };
    const damage = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), isCut: fc.boolean() });
    fc.assert(
      fc.property(samplePod, fc.array(damage, { minLength: 1, maxLength: 3 }), (pod, damages) => {
        let bytes = page(encode('Pod', pod), encode('Pod', pod));
        for (const { at, by, isCut } of damages) {
          if (isCut) bytes = bytes.subarray(0, at % (bytes.length + 1));
          else if (bytes.length > 0) bytes[at % bytes.length]! ^= by;
        }
        try {
          for (const item of new ProtobufReader(POD).page(bytes).items) toPodInfo(item, 'Pod');
          seen.record++;
        } catch (error) {
          if (error instanceof MusterError) seen.unreadable++;
          else if (error instanceof WireError) seen.broken++;
          else throw error;
        }
      }),
      { seed: 16, numRuns: propertyRuns(1000) },
    );
    expect(Math.min(seen.record, seen.unreadable, seen.broken)).toBeGreaterThan(timesMet(10));
  });
});

function label(key: string): Buffer {
  return bytesField(11, Buffer.concat([bytesField(1, key), bytesField(2, 'v')]));
}

describe('frames', () => {
  const frames = ['a', 'bb', '', 'x'.repeat(300)].map((name) => frame('ADDED', Buffer.from(name)));
  const all = Buffer.concat(frames);

  const read = async (chunks: readonly Buffer[]) => {
    const out: Buffer[] = [];
    for await (const one of readFrames(from(chunks))) out.push(Buffer.from(one));
    return out;
  };

  test('are the same however the stream is cut; one that is not complete is dropped', async () => {
    const expected = frames.map((one) => one.subarray(4));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 12 }), fc.nat(all.length), async (cuts, end) => {
        const places = [0, ...cuts.filter((cut) => cut < end).sort((a, b) => a - b), end];
        const chunks = places.slice(1).map((to, i) => all.subarray(places[i], to));
        const whole = expected.filter((_, i) => Buffer.concat(frames.slice(0, i + 1)).length <= end);
        expect(await read(chunks)).toEqual(whole);
      }),
      { seed: 17, numRuns: propertyRuns(300) },
    );
  });

  test('of a size that no object has are an error', async () => {
    await expect(read([Buffer.from([255, 255, 255, 255, 0])])).rejects.toThrow(WireError);
  });
});

// eslint-disable-next-line @typescript-eslint/require-await -- it stands for a stream
async function* from(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1_767_225_600, '2026-01-01T00:00:00Z'],
  [-1, '1969-12-31T23:59:59Z'],
  [253_402_300_800, '10000-01-01T00:00:00Z'],
  [2 ** 62, 'beyond all times'],
])('the time of %d s is %s', (seconds, text) => {
  const times = new Times();
  expect([times.of(seconds), times.of(seconds)]).toEqual([text, text]);
});

test('a Status tells its reason, message, code and causes', () => {
  const details = { name: 'p', causes: [{ reason: 'DisruptionBudget', message: 'm' }] };
  const raw = encode('Status', { status: 'Failure', message: 'too old', reason: 'Expired', code: 410, details });
  expect(statusOf(enveloped('Status', raw))).toEqual({
    message: 'too old',
    reason: 'Expired',
    code: 410,
    details: { causes: [{ reason: 'DisruptionBudget' }] },
  });
  expect(() => statusOf(enveloped('Pod', raw))).toThrow(WireError);
});
