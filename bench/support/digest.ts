import { createHash } from 'node:crypto';
import type { Effect } from '../../src/core/effects.ts';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { replay, schedulerFor } from '../../src/replay/replay.ts';
import { directPort, type ExtenderPort } from '../../src/replay/sim/port.ts';
import type { ReplayScheduler } from '../../src/replay/sim/replay-scheduler.ts';
import { failuresOf, nodesOf, rulesOf, traceOf, type DigestCase } from './digest-cases.ts';

/** The digests of one replay. */
export interface Digest {
  /** Of the replay's JSON, latencies aside. */
  readonly result: string;
  /** Of every answer and every effect in their order, without the reasons' wording. */
  readonly decisions: string;
}

/** Runs one case. Deterministic: the same code gives the same digest on every machine. */
export async function digestOf(one: DigestCase): Promise<Digest> {
  const decisions = createHash('sha256');
  const write = (line: unknown) => void decisions.update(`${JSON.stringify(line)}\n`);
  const result = await replay({
    trace: await traceOf(one),
    nodes: await nodesOf(one),
    nodesName: one.source.nodes,
    policies: [{ name: one.policy, rules: rulesOf(one) }],
    options: { ...DEFAULT_REPLAY, seed: one.seed, nodeFailuresPerDay: failuresOf(one), checkEvery: 20_000 },
    portFor: (policy) => recording(schedulerFor(policy), write),
  });
  const json = JSON.stringify({ ...result, latency: [] });
  return { result: short(createHash('sha256').update(json)), decisions: short(decisions) };
}

const short = (hash: ReturnType<typeof createHash>) => hash.digest('hex').slice(0, 16);

/** These tell of what was seen, and decide nothing. */
const TOLD: ReadonlySet<Effect['kind']> = new Set(['gang-complete']);

/** A port that records the answers and effects of the core. */
function recording(scheduler: ReplayScheduler, write: (line: unknown) => void): ExtenderPort {
  const port = directPort(scheduler);
  const writeAll = (effects: readonly Effect[]) => {
    for (const effect of effects) if (!TOLD.has(effect.kind)) write(wordless(effect));
    return effects;
  };
  return {
    ...port,
    filter: (request, nowMs) => {
      const { answer, effects } = scheduler.filter(request, nowMs);
      write([request.pod.uid, wordless(answer)]);
      writeAll(effects);
      return answer;
    },
    prioritize: (request) => {
      const scores = scheduler.prioritize(request);
      write(scores);
      return scores;
    },
    observe: (event, nowMs) => void writeAll(scheduler.observe(event, nowMs)),
    tick: (nowMs) => void writeAll(scheduler.tick(nowMs)),
    makeRoom: (nowMs) => writeAll([...scheduler.admitWaiting(nowMs), ...scheduler.makeRoom(nowMs)]),
  };
}

/** Leaves out reasons: their wording may change, the decisions may not. */
function wordless(decided: object): unknown {
  return JSON.parse(
    JSON.stringify(decided, (key, value: unknown) => {
      if (key === 'reason') return undefined;
      return value instanceof Map ? [...value] : value;
    }),
  );
}
