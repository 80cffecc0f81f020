import type { Benchmark, BenchmarkContext, Result } from './support/benchmark.ts';
import { binariesOrSay, compare } from './end-to-end/compare.ts';
import { startBare, startMuster, type Side } from './end-to-end/sides.ts';

const SIDES: readonly Side[] = [
  { name: 'no extender', kind: 'spark' },
  { name: 'pass-through', kind: 'spark', startExtender: startBare('pass-through') },
  { name: 'one name', kind: 'spark', startExtender: startBare('one-name') },
  { name: 'muster, foreign pods', kind: 'plain', startExtender: startMuster() },
  { name: 'muster, gangs', kind: 'spark', startExtender: startMuster() },
  { name: 'muster, gangs nominated', kind: 'spark', startExtender: startMuster({ MUSTER_NOMINATE_FROM_NODES: '1' }) },
];

const SCALES = [
  { nodes: 1000, pods: 1000, rounds: 3, atLeast: { 'muster, gangs': 1.15 } },
  { nodes: 5000, pods: 500, rounds: 3, atLeast: { 'muster, gangs': 1.8 } },
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
