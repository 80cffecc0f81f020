import { describe, expect, test } from 'vitest';
import type { PodInfo } from '../../src/core/model.ts';
import { toNodeInfo } from '../../src/intake/node.ts';
import { toPodInfo } from '../../src/intake/pod.ts';
import { spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

type Amounts = Readonly<Record<string, string>>;

/** A node with amounts that show a lost unit: an odd number of bytes and of devices. */
const ODD = { cpu: '63900m', memory: '540431955285', 'nvidia.com/gpu': '7', pods: '110' };

const nodeWith = (name: string, allocatable: Amounts) =>
  toNodeInfo({ metadata: { name, uid: name }, status: { allocatable } }, 'Node');

function podWith(name: string, requests: Amounts, nodeName?: string): PodInfo {
  const spec = { schedulerName: 'muster', containers: [{ name: 'c', resources: { requests } }] };
  return toPodInfo({ metadata: { name, uid: name }, spec: nodeName ? { ...spec, nodeName } : spec }, 'Pod');
}

const freeAt = (world: World, name: string) => [...world.scheduler.nodes().find(({ node: its }) => its === name)!.free];

describe('amounts that no node has', () => {
  // What the API server stores: quantities end at 2^63 - 1.
  const huge = ['9223372036854775807', '9e18', '9007199254740993', '9007199254740991', '8Pi', '7777777777777777'];

  test.each(huge)('a bound pod that asks for %s of everything leaves no trace when it is gone', (amount) => {
    const world = new World([nodeWith('n0', ODD)]);
    const before = freeAt(world, 'n0');
    world.bind(
      podWith('x', { cpu: '1', memory: amount, 'nvidia.com/gpu': amount, 'example.com/x': amount }, 'n0'),
      'n0',
    );
    world.bind(podWith('y', { cpu: '1', memory: '1073741825', 'nvidia.com/gpu': '3' }, 'n0'), 'n0');
    world.gone(podWith('x', {}));
    world.gone(podWith('y', {}));
    expect(freeAt(world, 'n0')).toEqual(before);
  });

  test('a hundred of them, in and out in different order, leave the figures of real pods exact', () => {
    const world = new World([nodeWith('n0', ODD)]);
    const real = podWith('real', { cpu: '100m', memory: '3221225473', 'nvidia.com/gpu': '2' }, 'n0');
    const hostile = Array.from({ length: 100 }, (_, i) => {
      const amount = String(2 ** 53 - 1 - i);
      return podWith(`x${i}`, { cpu: `${amount}m`, memory: amount, 'nvidia.com/gpu': amount }, 'n0');
    });
    for (const one of hostile) world.bind(one, 'n0');
    world.bind(real, 'n0');
    for (const one of hostile.reverse()) world.gone(one);
    expect(Object.fromEntries(freeAt(world, 'n0'))).toEqual({
      cpu: 63_800,
      memory: 540_431_955_285 - 3_221_225_473,
      'nvidia.com/gpu': 5,
      pods: 109,
    });
  });

  test('a bound pod with one of them still takes what else it asks: the kubelet may run it', () => {
    const world = new World([nodeWith('n0', ODD)]);
    world.bind(podWith('x', { cpu: '60', 'example.com/x': '9e18' }, 'n0'), 'n0');
    expect(world.ask(spark('a', 4).leader())).toMatch('waits');
    expect(Object.fromEntries(freeAt(world, 'n0'))).toMatchObject({ cpu: 3900 });
  });

  test('a pod that asks for one fits nowhere, not even on a node that claims to have as much', () => {
    const world = new World([nodeWith('n0', { cpu: '64', pods: '110', 'example.com/x': '9007199254740991' })]);
    const apps = [spark('a', 0), spark('b', 0)] as const;
    const asking = podWith('x', { cpu: '1', 'example.com/x': '9007199254740991' });
    expect(world.ask({ ...apps[0].leader(), request: asking.request })).toMatch('waits: cannot start on this cluster');
    const modest = podWith('y', { cpu: '1', 'example.com/x': '70368744177663' });
    expect(world.ask({ ...apps[1].leader(), request: modest.request })).toBe('-> n0');
  });
});
