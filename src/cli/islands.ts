import { MusterError } from '../core/errors.ts';
import type { NodeInfo } from '../core/model.ts';
import { counted } from '../core/wording.ts';
import {
  divided,
  fareOn,
  faresAsWell,
  islandersOf,
  isKnown,
  summedUp,
  type Fare,
  type Fares,
  type Island,
  type Islanders,
  type IslandKey,
  type IslandsResult,
} from '../replay/islands.ts';
import type { ReplayPolicy } from '../replay/replay.ts';
import { islandsText } from '../replay/report/islands-text.ts';
import { largerThanCluster } from '../replay/sim/larger.ts';
import { readRules } from '../server/policy-source.ts';
import { resized } from './cluster-size.ts';
import { shortNames } from './policy-names.ts';
import { progressOn } from './progress.ts';
import { INTERRUPTED, requireOutputs, writeOut } from './replay.ts';
import { leastHolding } from './size-search.ts';
import { streamOfTable } from './streams.ts';
import { workloadOf, type Workload, type WorkloadFlags } from './workload.ts';

export interface IslandsFlags extends WorkloadFlags {
  readonly policy?: readonly string[];
  readonly seed: number;
  readonly by: IslandKey;
  readonly sameNodes?: true;
  readonly json?: string;
}

/** The most nodes that one island may have, in those of the shared cluster. */
const MAX_GROWTH = 4;

/**
 * Replays the trace on one cluster, then each queue's jobs on its part of the nodes, and on the least nodes with which
 * they wait no longer than on the shared cluster. @returns the exit code
 */
export async function islandsCommand(source: string, flags: IslandsFlags): Promise<number> {
  requireOutputs({ '--json': flags.json });
  const policy = onlyPolicy(flags.policy ?? ['muster']);
  const { warning, ...workload } = await workloadOf(source, flags, flags.seed);
  if (warning !== undefined) process.stderr.write(`warning: ${warning}\n`);
  const abort = new AbortController();
  const onInterrupt = () => (abort.signal.aborted ? process.exit(INTERRUPTED) : abort.abort());
  process.on('SIGINT', onInterrupt);
  const result = await new Comparison({ workload, policy, by: flags.by, signal: abort.signal }).run(!flags.sameNodes);
  process.off('SIGINT', onInterrupt);
  if (!result) return INTERRUPTED;
  streamOfTable([flags.json]).write(`${islandsText(result)}\n`);
  writeOut(flags.json, () => `${JSON.stringify(result, undefined, 1)}\n`);
  return 0;
}

/** @throws MusterError MUSTER_USAGE */
function onlyPolicy(sources: readonly string[]): ReplayPolicy {
  const [source = ''] = sources;
  if (sources.length > 1)
    throw new MusterError('MUSTER_USAGE', `islands replays one policy, got ${sources.length}: give one --policy.`);
  return { name: shortNames([source])[0] ?? source, source, rules: readRules(source) };
}

interface ComparisonInput {
  readonly workload: Workload;
  readonly policy: ReplayPolicy;
  readonly by: IslandKey;
  readonly signal: AbortSignal;
}

class Comparison {
  readonly #input: ComparisonInput;
  readonly #progress = progressOn(process.stderr);

  constructor(input: ComparisonInput) {
    this.#input = input;
  }

  /** @param isSearching whether to look for how many nodes each needs @returns undefined: it was stopped */
  async run(isSearching: boolean): Promise<IslandsResult | undefined> {
    const { workload, policy, by } = this.#input;
    const { trace, nodes, nodesName, options } = workload;
    const groups = islandersOf(trace.jobs, by);
    const hands = divided(nodes, groups);
    const shared = await this.#fare('shared', trace.jobs, nodes);
    const islands: Island[] = [];
    for (const [i, group] of groups.entries()) {
      const own = shared.groups.get(group.name);
      if (!own || !shared.isComplete) return undefined;
      const part = await this.#fare(group.name, group.jobs, hands[i]!);
      const alone = isSearching && isKnown(own) ? await this.#leastFor(group, own, hands[i]!.length) : undefined;
      if (this.#input.signal.aborted) return undefined;
      const { name, jobs } = group;
      islands.push({ name, jobs: jobs.length, shared: own, divided: plain(part), ...(alone ? { alone } : {}) });
    }
    this.#progress.clear();
    return {
      ...{ trace: trace.name, nodes: nodesName, policy: policy.name, seed: options.seed, by },
      shared: { ...plain(shared), endMs: shared.endMs },
      islands,
      ...summedUp(islands, shared.perHour),
    };
  }

  /** The island of the least nodes with which the group fares as well; undefined: even the most are not enough. */
  async #leastFor(group: Islanders, shared: Pick<Fare, 'waitMs' | 'unfinished'>, start: number) {
    const { nodes } = this.#input.workload;
    const high = MAX_GROWTH * nodes.length;
    const larger = (count: number) => largerThanCluster(group.jobs, resized(nodes, count)).size;
    const leastLarger = larger(nodes.length);
    const fits = (count: number) => Promise.resolve(larger(count) <= leastLarger);
    const { answer: low = 1 } = await leastHolding({ low: 1, high, start: 1 }, fits);
    const fares = new Map<number, Fare>();
    const { answer } = await leastHolding({ low, high, start }, async (count) => {
      if (this.#input.signal.aborted) return true;
      const fare = await this.#fare(group.name, group.jobs, resized(nodes, count));
      fares.set(count, plain(fare));
      return faresAsWell(fare, shared);
    });
    return answer === undefined ? undefined : fares.get(answer);
  }

  async #fare(name: string, jobs: Workload['trace']['jobs'], nodes: readonly NodeInfo[]): Promise<Fares> {
    const { workload, policy, by, signal } = this.#input;
    const label = `${name} on ${counted(nodes.length, 'node')}`;
    return fareOn(
      {
        ...workload,
        trace: { ...workload.trace, jobs },
        policy,
        signal,
        onProgress: (progress) => this.#progress.show({ ...progress, policy: label }),
      },
      nodes,
      by,
    );
  }
}

const plain = ({ nodes, perHour, waitMs, unfinished }: Fare): Fare => ({ nodes, perHour, waitMs, unfinished });
