import { expect, test } from 'vitest';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { Interned } from '../../../src/intake/interning.ts';

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
  const shared = new Interned<{ readonly key: string }>();
  const first = shared.of('0', () => ({ key: '0' }));
  for (let i = 1; i <= 60_000; i++) shared.of(String(i), () => ({ key: String(i) }));
  expect(shared.of('0', () => ({ key: '0' }))).toEqual(first);
});
