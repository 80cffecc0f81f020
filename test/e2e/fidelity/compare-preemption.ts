import { bestCandidates, type Candidate } from '../../../src/replay/kube-scheduler/victims.ts';
import { seeded } from '../../../src/replay/random.ts';
import { KubePreemption } from '../../../src/replay/sim/kube-preemption.ts';
import type { BoundPod } from '../../../src/replay/sim/truth.ts';
import type { Recording } from './recording.ts';
import { ReplayedState } from './replayed-state.ts';
import { Tally } from './tally.ts';
import type { Workload } from './workloads.ts';

export interface PreemptionComparison {
  /** Candidates, node by node: the same victims. */
  readonly victims: Tally;
  /** Preemptions on one of the nodes that the simulator holds for the best. */
  readonly nodes: Tally;
}

/** Asks the simulator, at every preemption of kube-scheduler, which nodes are candidates and which is the best. */
export function comparePreemption(workload: Workload, recording: Recording): PreemptionComparison {
  const state = new ReplayedState(workload);
  const simulated = new KubePreemption(state.truth, seeded('any'));
  const tallies = { victims: new Tally(), nodes: new Tally() };
  state.follow(recording, (attempt, pod) => {
    const { preemption } = attempt;
    if (preemption?.node === undefined) return;
    const ours = simulated.candidatesFor(pod, state.truth.search.kindOf(pod.info));
    const byNode = new Map(ours.map((candidate) => [candidate.node, namesOf(candidate)]));
    for (const node of new Set([...byNode.keys(), ...preemption.candidates.keys()])) {
      const [theirs, its] = [preemption.candidates.get(node)?.toSorted().join(), byNode.get(node)];
      tallies.victims.add(theirs === its, () => `${attempt.pod} on ${node}: ${theirs}, simulated ${its}`);
    }
    const best = bestCandidates(ours).map(({ node }) => node);
    const what = () => `${attempt.pod}: ${preemption.node}, simulated ${best.join(' or ')}`;
    tallies.nodes.add(best.includes(preemption.node), what);
  });
  return tallies;
}

const namesOf = ({ victims }: Candidate<BoundPod>) =>
  victims
    .map(({ pod }) => pod.info.name)
    .toSorted()
    .join();
