import { expect, test } from 'vitest';
import { gangNamed, gangOf } from '../../../../bench/peers/objects.ts';
import { areGiven, pathsOf } from '../../../../bench/peers/programs.ts';
import { SIDES, sidesNamed } from '../../../../bench/peers/sides.ts';

const NEEDS = [{ variable: 'MUSTER_PEERS_X', what: "X's scheduler" }];

test('a program that the user has not named, or that is not there', () => {
  expect(() => pathsOf('x', NEEDS, {})).toThrow(
    "x needs MUSTER_PEERS_X, which is not set. Set it to the path of X's scheduler, or leave x out of --sides.",
  );
  expect(() => pathsOf('x', NEEDS, { MUSTER_PEERS_X: '/no/such' })).toThrow(
    "MUSTER_PEERS_X=/no/such: there is no such file or folder. Set it to the path of X's scheduler, or leave x out",
  );
  expect(pathsOf('x', NEEDS, { MUSTER_PEERS_X: import.meta.filename })).toEqual([import.meta.filename]);
  expect([areGiven(NEEDS, {}), areGiven(NEEDS, { MUSTER_PEERS_X: '' }), areGiven([], {})]).toEqual([
    false,
    false,
    true,
  ]);
  expect(areGiven(NEEDS, { MUSTER_PEERS_X: '/no/such' })).toBe(true);
});

test('sides keep their order, so that the base is the first', () => {
  expect(sidesNamed(['muster', 'kube-scheduler']).map(({ name }) => name)).toEqual(['kube-scheduler', 'muster']);
  expect(() => sidesNamed(['kueue'])).toThrow('there is no side "kueue"; there are kube-scheduler, ');
});

test.each(SIDES.map((side) => [side.name, side] as const))(
  '%s: each pod is in its gang and asks the same',
  (_, side) => {
    const gang = { name: gangNamed(3, 17), executors: 2 };
    const pods = [0, 1, 2].map(
      (member) => JSON.parse(JSON.stringify(side.objects.pod(gang, member, 'uid'))) as PodBody,
    );
    expect(new Set(pods.map(({ metadata }) => metadata.name)).size).toBe(3);
    expect(pods.map(({ metadata }) => gangOf(metadata.name))).toEqual([gang.name, gang.name, gang.name]);
    for (const { spec } of pods) {
      expect(spec.containers.map(({ resources }) => resources.requests)).toEqual([{ cpu: '1', memory: '1408Mi' }]);
    }
  },
);

test('a placeholder is in no gang', () => {
  expect(gangOf('tg-spark-r03-0017-executor-abc')).toBeUndefined();
});

interface PodBody {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly containers: readonly { readonly resources: { readonly requests: object } }[] };
}
