import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { mayBeSample } from '../../../src/core/placement/sample.ts';
import { zonesInTurn } from '../../../src/replay/kube-scheduler/node-order.ts';
import {
  DEFAULT_PROFILE,
  EXTENDER_WEIGHT,
  MUSTER_PROFILE,
  nodesToFind,
} from '../../../src/replay/kube-scheduler/profile.ts';
import { candidatesToFind } from '../../../src/replay/kube-scheduler/victims.ts';
import { node } from '../../support/builders.ts';

test.each([
  [1, 1],
  [99, 99],
  [100, 100],
  [150, 100],
  // As observed of a real kube-scheduler.
  [300, 144],
  [1000, 420],
  [5000, 500],
  // 5 % at least.
  [15_000, 750],
])('of %i nodes kube-scheduler looks for %i by default, under muster as well', (nodes, found) => {
  expect(nodesToFind(nodes, DEFAULT_PROFILE)).toBe(found);
  expect(nodesToFind(nodes, MUSTER_PROFILE)).toBe(found);
  expect(nodesToFind(nodes, { ...MUSTER_PROFILE, percentageOfNodesToScore: 100 })).toBe(nodes);
  expect(mayBeSample(found, nodes)).toBe(found < nodes);
});

test.each([
  // Fewer than 100, all, and no whole percentage: kube-scheduler looked at every node.
  [99, 1000],
  [1000, 1000],
  [421, 1000],
  [501, 5000],
])('%i of %i nodes are no sample', (offered, nodes) => {
  expect(mayBeSample(offered, nodes)).toBe(false);
});

test('under muster kube-scheduler is configured as scheduler-config/dedicated.yaml says', () => {
  const config = parse(readFileSync('scheduler-config/dedicated.yaml', 'utf8')) as {
    readonly podMaxBackoffSeconds: number;
    readonly profiles: readonly { readonly percentageOfNodesToScore?: number }[];
    readonly extenders: readonly { readonly weight: number }[];
  };
  expect(MUSTER_PROFILE).toEqual({
    maxBackoffMs: 1000 * config.podMaxBackoffSeconds,
    percentageOfNodesToScore: config.profiles[0]?.percentageOfNodesToScore ?? 0,
  });
  expect(EXTENDER_WEIGHT).toBe(config.extenders[0]?.weight);
});

test.each([
  [5, 5],
  [500, 100],
  [2000, 200],
])('of %i nodes preemption looks for %i candidates', (nodes, candidates) => {
  expect(candidatesToFind(nodes)).toBe(candidates);
});

test('nodes are looked at zone by zone in turn, as long as a zone has any', () => {
  const of = (zone: string | undefined, ...names: string[]) =>
    names.map((name) =>
      node(name, { cpu: 1, labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } }),
    );
  const nodes = [...of('a', 'a1', 'a2', 'a3'), ...of('b', 'b1'), ...of(undefined, 'x1', 'x2')];
  expect(zonesInTurn(nodes).map(({ name }) => name)).toEqual(['a1', 'b1', 'x1', 'a2', 'x2', 'a3']);
});
