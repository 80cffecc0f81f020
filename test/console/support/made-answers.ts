import type { z } from 'zod';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import { QueueDetailView, QueueList, QueueSummaryView } from '../../../src/server/api/queue-schemas.ts';
import { ExplanationView, PolicyList } from '../../../src/server/api/schemas.ts';
import { policyView } from '../../../src/server/api/views.ts';

/** What a made cluster says of queues, policies and why a gang waits. */

type Queue = z.output<typeof QueueSummaryView>;

const GIB = 2 ** 30;
const amounts = (cpu: number) => ({ cpu, memory: cpu * 4 * GIB });

function queue(path: string, parent: string | undefined, isLeaf: boolean, held: number): Queue {
  return QueueSummaryView.parse({
    path,
    ...(parent === undefined ? {} : { parent }),
    ...{ isLeaf, isMade: false, weight: 1 },
    ...{ held: amounts(held), bound: amounts(held * 0.9), leaving: {}, demand: amounts(held * 1.3) },
    ...{ guaranteed: amounts(held * 0.7), entitled: amounts(held * 0.95), withheld: {} },
    max: path.includes('adhoc') ? amounts(held * 1.4) : {},
    gangs: { waiting: 12, starting: 1, running: 30, degraded: 0 },
    ...{ pods: 420, over: ['cpu'], under: [], unfairSeconds: 0 },
    dominant: { resource: 'cpu', share: 0.2 },
  });
}

/** @param odd put into every name that a tenant may choose */
export function madeQueues(odd = ''): readonly Queue[] {
  return [
    queue('root', undefined, false, 4000),
    queue('adhoc', 'root', false, 900),
    queue(`adhoc.anna${odd}`, 'adhoc', true, 600),
    queue(`adhoc.bo${odd}`, 'adhoc', true, 300),
    queue('prod', 'root', false, 2400),
    queue(`prod.etl${odd}`, 'prod', true, 1400),
    queue(`prod.ml${odd}`, 'prod', true, 1000),
    queue(`research${odd}`, 'root', true, 700),
  ];
}

export const madeQueueList = (odd?: string) => {
  const items = [...madeQueues(odd)];
  return QueueList.parse({ total: items.length, items });
};

export function madeQueue(path: string, odd = ''): z.output<typeof QueueDetailView> | undefined {
  const found = madeQueues(odd).find((one) => one.path === path);
  if (!found) return undefined;
  return QueueDetailView.parse({
    ...found,
    users: [{ user: `anna${odd}`, held: amounts(120), gangs: 3, share: 0.03 }],
    ...{ usersInAll: 4, limits: { gangs: 40, gangsPerUser: 10 }, children: [] },
    reclaim: { mode: 'enforce', to: 'share', afterSeconds: 60, patienceSeconds: 300, from: [] },
  });
}

export const madePolicies = () => PolicyList.parse({ items: [policyView(DEFAULT_POLICY)] });

/** @param row what the list says of the gang */
export function madeExplanation(
  row: {
    readonly gang: string;
    readonly phase: 'waiting' | 'starting' | 'running' | 'degraded';
    readonly queue: string;
    readonly since: string;
  },
  odd = '',
): z.output<typeof ExplanationView> {
  const { gang, phase, queue: path, since } = row;
  const role = {
    ...{ role: `executor${odd}`, count: 40, min: 20, request: { cpu: 4, memory: 16 * GIB } },
    nodes: { total: 200, eligible: 96, refused: [{ because: `taint dedicated=ml${odd}`, nodes: 104 }] },
    places: { now: 12, empty: 900 },
    short: [{ resource: 'cpu', needed: 160, free: 48, largest: 6 }],
  };
  const victim = {
    ...{
      pod: `team-3/etl-exec-7${odd}`,
      node: `node-9${odd}`,
      gang: 'team-3/etl',
      role: 'executor',
      priority: 0,
      isNeeded: false,
    },
    ...{
      coreSeconds: 5400,
      terms: [
        { term: 'work', coreSeconds: 4800 },
        { term: 'comeback', coreSeconds: 600 },
      ],
    },
  };
  const preemption = {
    ...{
      mode: 'advise',
      state: 'found',
      victims: [victim],
      coreSeconds: 5400,
      gangsBroken: 0,
      gangsLost: 0,
      overdue: [],
    },
    ...{ kept: [{ rule: 'priority', pods: 31 }], relax: ['priority'], between: [] },
  };
  return ExplanationView.parse({
    ...{
      gang,
      phase,
      queue: path,
      priority: 100,
      policy: 'default',
      since,
      leader: { namespace: 'a', name: 'b', uid: 'c' },
    },
    ...{
      slots: { unplaced: 0, reserved: 0, assumed: 0, bound: 0 },
      elastic: 0,
      reason: 'too little is free',
      roles: [role],
      placed: [],
    },
    ahead: phase === 'waiting' ? [{ gang: `team-1/first${odd}`, blocks: true }] : [],
    ...(phase === 'waiting' ? { preemption } : {}),
    ...{ otherQueues: ['research'], priorityTerms: [{ because: 'PriorityClass batch', points: 100 }] },
    forecast: { medianSeconds: 1200, p90Seconds: 2400, isKnown: true, runs: 14, basis: 'runs of this app' },
    advice: [
      `12 of 20 executors fit now; 112 cores are short on 96 eligible nodes${odd}.`,
      'With 12 executors, or with executors of 2 cores, it would start now.',
    ],
  });
}

/** A description of an API with all that such a description may have, references to itself included. */
export function madeDocument(odd = ''): object {
  const node = {
    type: 'object',
    properties: {
      name: { type: 'string', description: `Its name${odd}.` },
      kind: { enum: ['leaf', 'branch'] },
      children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
      amounts: { type: 'object', additionalProperties: { type: 'number' } },
      parent: { anyOf: [{ $ref: '#/components/schemas/Node' }, { type: 'null' }] },
    },
    required: ['name'],
  };
  const response = {
    description: `A tree${odd}.`,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } },
  };
  const limit = { name: 'limit', in: 'query', schema: { type: 'integer', default: 100 }, description: 'So many.' };
  const path = { name: 'path', in: 'path', required: true, schema: { type: 'string' } };
  return {
    openapi: '3.1.0',
    info: { title: 'made', version: '1', description: `What muster knows and why${odd}.` },
    paths: {
      '/v1/queues': {
        get: { tags: ['queues'], summary: `Queues${odd}`, parameters: [limit], responses: { 200: response } },
      },
      '/v1/queues/{path}': {
        get: { tags: ['queues'], summary: 'One queue', parameters: [path], responses: { 200: response } },
      },
      '/v1/eta': { post: { tags: ['gangs'], summary: 'When it would start', requestBody: response, responses: {} } },
    },
    components: { schemas: { Node: node } },
  };
}
