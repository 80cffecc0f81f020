import { DEFAULT_PROFILE, nodesToFind } from '../../../src/replay/kube-scheduler/profile.ts';
import { scoreNodes, type LoadedNode, type NodeScores } from '../../../src/replay/kube-scheduler/score-nodes.ts';
import { PLUGIN_WEIGHTS } from '../../../src/replay/kube-scheduler/score-plugins.ts';
import type { SimPod } from '../../../src/replay/sim/job-run.ts';
import type { Truth } from '../../../src/replay/sim/truth.ts';
import type { Recording } from './recording.ts';
import { ReplayedState } from './replayed-state.ts';
import type { Attempt } from './scheduler-log.ts';
import { Tally } from './tally.ts';
import type { Workload } from './workloads.ts';

export interface ScoreComparison {
  /** Attempts in which the nodes that pass the simulator's filters are those that passed kube-scheduler's. */
  readonly filters: Tally;
  /** Scores of one plugin for one node, with its weight. */
  readonly scores: Tally;
  /** Bindings to one of the nodes that the simulator scores best, among those that kube-scheduler compared. */
  readonly choices: Tally;
}

/** Asks the simulator, at every attempt of kube-scheduler, which nodes the pod fits and how good they are. */
export function compareScores(workload: Workload, recording: Recording): ScoreComparison {
  const state = new ReplayedState(workload);
  const tallies = { filters: new Tally(), scores: new Tally(), choices: new Tally() };
  state.follow(recording, (attempt, pod) => {
    const passing = passingNodes(state.truth, pod);
    const real = comparedNodes(attempt);
    const wanted = nodesToFind(workload.nodes.length, DEFAULT_PROFILE);
    const isSame = real.length === Math.min(wanted, passing.length) && real.every((name) => passing.includes(name));
    tallies.filters.add(isSame, () => `${attempt.pod}: ${real.join()}; simulated: ${passing.join()}`);
    if (attempt.node === undefined || attempt.scores.size === 0) return;
    const ours = scoreNodes(pod.info, loadedNodes(workload, state.truth, real));
    for (const one of ours) compareNode(attempt, one, tallies.scores);
    const best = Math.max(...ours.map(({ total }) => total));
    const chosen = ours.find(({ node }) => node === attempt.node);
    const what = () => `${attempt.pod}: ${attempt.node} has ${chosen?.total}, the best ${best}`;
    tallies.choices.add(chosen?.total === best, what);
  });
  return tallies;
}

/** Only one feasible node is not scored. */
function comparedNodes({ scores, node }: Attempt): readonly string[] {
  if (scores.size > 0) return [...scores.keys()];
  return node === undefined ? [] : [node];
}

/** The nominated node alone, if the pod fits there. */
function passingNodes(truth: Truth, { info }: SimPod): readonly string[] {
  const { search, nominations } = truth;
  const kind = search.kindOf(info);
  const isBlocked = (place: number) => truth.isNominatedAway(info, place, kind.vector);
  const { places, count } = search.find(kind, 0, search.places, isBlocked);
  const names = Array.from(places.subarray(0, count), (place) => search.nameAt(place));
  const nominated = nominations.nodeOf(info.uid);
  return nominated !== undefined && names.includes(nominated) ? [nominated] : names;
}

function loadedNodes({ nodes }: Workload, truth: Truth, names: readonly string[]): LoadedNode[] {
  const bound = [...truth.boundPods.values()].map(({ pod }) => pod);
  return nodes
    .filter(({ name }) => names.includes(name))
    .map((node) => ({ node, pods: bound.filter((pod) => pod.node === node.name).map(({ info }) => info) }));
}

function compareNode(attempt: Attempt, { node, plugins }: NodeScores, tally: Tally): void {
  const real = attempt.scores.get(node) ?? new Map<string, number>();
  const ours = new Map<string, number>(
    Object.entries(plugins).map(([name, score]) => [name, score * PLUGIN_WEIGHTS[name as keyof typeof plugins]]),
  );
  // A plugin that the simulation leaves out must not tell nodes apart: here it scores 0.
  for (const name of new Set([...ours.keys(), ...real.keys()])) {
    const [theirs, its] = [real.get(name), ours.get(name) ?? 0];
    tally.add(theirs === its, () => `${attempt.pod} on ${node}: ${name} ${theirs}, simulated ${its}`);
  }
}
