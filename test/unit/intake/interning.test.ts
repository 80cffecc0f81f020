import { expect, test } from 'vitest';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { Interned, shared, sharedKey, viewOf } from '../../../src/intake/interning.ts';

const pod = (name: string, spec: object) => toPodInfo({ metadata: { name, uid: name }, spec }, 'Pod');

test('pods that are alike share what they have alike, and no others do', () => {
  const spec = {
    nodeSelector: { pool: 'a' },
    containers: [{ name: 'c', image: 'x,y', resources: { requests: { cpu: '1' } } }],
  };
  const [one, same] = [pod('one', spec), pod('same', structuredClone(spec))];
  expect([same.constraints, same.request, same.images]).toEqual([one.constraints, one.request, one.images]);
  expect(same.constraints).toBe(one.constraints);
  expect(same.request).toBe(one.request);
  expect(same.images).toBe(one.images);
  const containers = ['x', 'y'].map((image) => ({ name: image, image }));
  const other = pod('other', { nodeSelector: { pool: 'b' }, containers });
  expect(other.constraints.nodeSelector.get('pool')).toBe('b');
  expect([other.images, [...other.request.keys()]]).toEqual([['x', 'y'], ['pods']]);
});

test('beyond its bound it forgets, and goes on', () => {
  const known = new Interned<{ readonly key: string }>();
  const first = known.of('0', () => ({ key: '0' }));
  for (let i = 1; i <= 60_000; i++) known.of(String(i), () => ({ key: String(i) }));
  expect(known.of('0', () => ({ key: '0' }))).toEqual(first);
});

test('what is made of a shared value is made once, and of others each time', () => {
  const [a, b, plain] = [shared({ x: '1' }), shared({ x: '1' }), { x: '1' }];
  let made = 0;
  const make = () => ({ made: ++made });
  expect([viewOf(a, make), viewOf(a, make)]).toEqual([{ made: 1 }, { made: 1 }]);
  expect(viewOf(b, make)).toEqual({ made: 2 });
  expect([viewOf(plain, make), viewOf(plain, make)]).toEqual([{ made: 3 }, { made: 4 }]);
  expect(sharedKey([a, undefined, null])).toBe(sharedKey([a, null, undefined]));
  expect(sharedKey([a])).not.toBe(sharedKey([b]));
  expect(sharedKey([undefined, a])).not.toBe(sharedKey([a, undefined]));
  expect(sharedKey([a, plain])).toBeUndefined();
  // The marks do not show.
  expect([a, JSON.stringify(a), Object.keys(a)]).toEqual([plain, '{"x":"1"}', ['x']]);
});
