import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';
import { binariesOrSay, compare } from './end-to-end/compare.ts';
import { startBare, startMuster, type Side } from './end-to-end/sides.ts';

const WHOLE = { percentageOfNodesToScore: 100 };

/** The base is kube-scheduler as Kubernetes ships it: in large clusters it looks at a part of the nodes. */
const SIDES: readonly Side[] = [
  { name: 'kube-scheduler', kind: 'spark', scheduler: { isDefault: true } },
  { name: 'kube-scheduler, 100 %', kind: 'spark', scheduler: { isDefault: true, inProfile: WHOLE } },
  { name: 'pass-through', kind: 'spark', startExtender: startBare('pass-through') },
  { name: 'one name', kind: 'spark', startExtender: startBare('one-name') },
  { name: 'muster, foreign pods', kind: 'plain', startExtender: startMuster() },
  { name: 'muster, gangs', kind: 'spark', startExtender: startMuster() },
  { name: 'muster, gangs, 100 %', kind: 'spark', startExtender: startMuster(), scheduler: { inProfile: WHOLE } },
  { name: 'muster, gangs nominated', kind: 'spark', startExtender: startMuster({ MUSTER_NOMINATE: 'always' }) },
];

const SCALES = [
  { nodes: 1000, pods: 1000, rounds: 3, atLeast: { 'muster, gangs': 0.85 } },
  { nodes: 5000, pods: 500, rounds: 3, atLeast: { 'muster, gangs': 0.9 } },
];
const QUICK = [{ nodes: 200, pods: 200, rounds: 1 }];

async function run(context: BenchmarkContext): Promise<readonly Result[]> {
  const binaries = await binariesOrSay('end-to-end');
  if (!binaries) return [];
  const results: Result[] = [];
  for (const scale of context.quick ? QUICK : SCALES) {
    results.push(...(await compare(binaries, { sides: SIDES, ...scale }, context)));
  }
  return results;
}

export const benchmark: Benchmark = {
  name: 'end-to-end',
  about: 'pods that the real kube-scheduler binds per second, with and without extenders',
  run,
};
