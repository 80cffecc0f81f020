import { z } from 'zod';
import { VERSION } from '../../version.ts';
import { QueueDetailView, QueueList, QueueListQuery } from './queue-schemas.ts';
import { CostQuery, CostView } from './cost-route.ts';
import {
  EtaBody,
  EtaView,
  ExplanationView,
  GangList,
  GangQuery,
  NodeList,
  NodeQuery,
  PolicyList,
  Problem,
} from './schemas.ts';

const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema: z.toJSONSchema(schema, { target: 'draft-2020-12' }) } },
});

function query(schema: z.ZodObject) {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: one,
  }));
}

const path = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } });

const eta = () => ({
  post: {
    summary: 'When an app would start that is not submitted yet. Changes nothing.',
    requestBody: { required: true, ...json(EtaBody, 'Pods, Jobs, SparkApplications and what belongs to them.') },
    responses: {
      200: json(EtaView, 'When it would start, how long it runs, and what would make it sooner.'),
      400: json(Problem, 'An object is invalid: the object, the field and the value.'),
      429: json(Problem, 'Too many questions at once.'),
      503: json(Problem, 'The cluster has not been read yet.'),
    },
  },
});

const cost = () => ({
  get: {
    summary: 'What each queue has had in use, and what that cost',
    parameters: query(CostQuery),
    responses: {
      200: json(CostView, 'Queues by name. Their totals, overhead and idle come to the bill.'),
      400: json(Problem, 'The query is invalid.'),
    },
  },
});

const queues = () => ({
  '/v1/queues': {
    get: {
      summary: 'Queues',
      parameters: query(QueueListQuery),
      responses: {
        200: json(QueueList, 'Queues in the order of the tree, the whole cluster (root) first.'),
        400: json(Problem, 'The query is invalid.'),
      },
    },
  },
  '/v1/queues/{path}': {
    get: {
      summary: 'One queue, with its users and rules',
      parameters: [path('path')],
      responses: {
        200: json(QueueDetailView, 'What the queue holds, and what it should have.'),
        404: json(Problem, 'There is no such queue; the nearest are named.'),
      },
    },
  },
});

/** The read API as an OpenAPI 3.1 document, made from the schemas that the tests check the answers against. */
export function openApi() {
  const bad = json(Problem, 'The query is invalid.');
  return {
    openapi: '3.1.0',
    info: { title: 'muster', version: VERSION, description: 'What muster knows and why. Read only.' },
    paths: {
      '/v1/gangs': {
        get: {
          summary: 'Gangs',
          parameters: query(GangQuery),
          responses: { 200: json(GangList, 'Gangs, oldest first.'), 400: bad },
        },
      },
      '/v1/gangs/{namespace}/{name}': {
        get: {
          summary: 'One gang, explained',
          parameters: [path('namespace'), path('name')],
          responses: {
            200: json(ExplanationView, 'State of the gang, why it waits, and what would help.'),
            404: json(Problem, 'There is no such gang.'),
          },
        },
      },
      ...queues(),
      '/v1/cost': cost(),
      '/v1/eta': eta(),
      '/v1/nodes': {
        get: {
          summary: 'Nodes',
          parameters: query(NodeQuery),
          responses: { 200: json(NodeList, 'Nodes by name.'), 400: bad },
        },
      },
      '/v1/policies': { get: { summary: 'Policies in force', responses: { 200: json(PolicyList, 'Policies.') } } },
    },
  };
}
