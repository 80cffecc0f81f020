import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/replay/random.ts';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newPod, newRun, type SimPod } from '../../../src/replay/sim/job-run.ts';
import { KubePreemption } from '../../../src/replay/sim/kube-preemption.ts';
import { Truth } from '../../../src/replay/sim/truth.ts';
import { app, nodes } from '../../support/replays.ts';

/** A pod of one core. */
const pod = (id: string, priority: number) =>
  newPod(newRun(new JobHistory(app(id, { priority }, 0), 0), 0, 1, 0), 'leader');

/** A node of one core that a pod of priority 0 fills. */
function fullNode(): { truth: Truth; victim: SimPod; preempt: (preemptor: SimPod) => readonly SimPod[] } {
  const truth = new Truth(nodes(1, 1));
  const victim = Object.assign(pod('victim', 0), { state: 'bound', node: 'n0' } as const);
  truth.bind(victim, 0);
  const preemption = new KubePreemption(truth, seeded('test'));
  const preempt = (preemptor: SimPod) => {
    const victims = preemption.victimsFor(preemptor, truth.search.kindOf(preemptor.info));
    for (const one of victims) one.isEvicted = true;
    return victims;
  };
  return { truth, victim, preempt };
}

describe('a node that is nominated to a pod of lower priority than the preemptor’s', () => {
  test('is taken from it where a pod has to be evicted', () => {
    const { truth, victim, preempt } = fullNode();
    const lower = pod('lower', 10);
    expect(preempt(lower)).toEqual([victim]);
    // The victim's deletion has not been heard of.
    victim.isEvicted = false;
    preempt(pod('higher', 20));
    expect(truth.nominations.nodeOf(lower.info.uid)).toBeUndefined();
  });

  test('stays nominated to both where all victims are terminating', () => {
    const { truth, victim, preempt } = fullNode();
    const [lower, higher] = [pod('lower', 10), pod('higher', 20)];
    preempt(lower);
    expect(preempt(higher)).toEqual([victim]);
    expect(truth.nominations.nodeOf(lower.info.uid)).toBe('n0');
    expect(truth.nominations.nodeOf(higher.info.uid)).toBe('n0');
  });
});
