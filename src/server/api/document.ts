import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, RawServerDefault } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { MusterError, type ErrorCode } from '../../core/errors.ts';
import { VERSION } from '../../version.ts';
import { DecisionList, TickView } from './board-schemas.ts';
import { Problem } from './schemas.ts';

/** A scope of the server whose routes have schemas: requests are checked against them, and the document is made of them. */
export type ApiScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What time will mend. */
const STATUS: { readonly [code in ErrorCode]?: number } = { MUSTER_NOT_SYNCED: 503, MUSTER_BUSY: 429 };

/** An answer as JSON. */
export const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** What a route answers where it cannot answer what was asked. */
export const problem = (description: string) => json(Problem, description);
export const BAD_QUERY = problem('The query is invalid: the parameter, and why.');

/** A text that is no JSON. */
export const text = (description: string, type = 'text/plain') => ({
  description,
  content: { [type]: { schema: z.string() } },
});

/** What the document says beside the routes. */
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'muster', version: VERSION, description: 'What muster knows and why. Read only.' },
  tags: [
    { name: 'gangs', description: 'What waits, why, and when it starts; what runs.' },
    { name: 'queues', description: 'What queues hold, should have, and cost.' },
    { name: 'nodes', description: 'What is used, held and free where.' },
    { name: 'decisions', description: 'What muster decided, and what changed.' },
    { name: 'server', description: 'The server itself: its version, and the policies in force.' },
  ],
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description:
          'Where readAccess is token or kubernetes: 401 without a token that is good, 403 with one that may not read.',
      },
    },
  },
  security: [{ bearer: [] }, {}],
} satisfies Partial<OpenAPIV3_1.Document>;

/**
 * Lets routes have schemas: requests are checked, errors name the field, and GET /openapi.json is made of all of them.
 * Answers are written as they are: tests check them against the schemas. Add the routes when it has resolved.
 */
export async function documented(app: FastifyInstance): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler<FastifyError | MusterError>((error, request, reply) => {
    if (error instanceof MusterError) return reply.code(STATUS[error.code] ?? 400).send({ error: error.what });
    if (hasZodFastifySchemaValidationErrors(error)) return reply.code(400).send({ error: problemOf(error) });
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error(error);
    return reply
      .code(status)
      .send({ error: status >= 500 ? 'muster failed to answer; its log says why.' : error.message });
  });
  await app.register(swagger, {
    openapi: DOCUMENT,
    transform,
    transformObject,
  });
  let document: unknown;
  app.get('/openapi.json', { schema: { hide: true } }, () => (document ??= app.swagger()));
}

/** The first thing that is wrong: where, the field, and why. */
function problemOf({ validation, validationContext }: FastifyError): string {
  const [first] = validation!;
  const where = validationContext === 'querystring' ? 'query' : (validationContext ?? 'request');
  return `${where} ${first!.instancePath.slice(1).replaceAll('/', '.')}: ${first!.message}`;
}

/** A route that takes the rest of the path has it as parameter `path`. */
const transform: NonNullable<FastifyDynamicSwaggerOptions['transform']> = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  if (!url.endsWith('/*')) return { schema, url };
  const params = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
  return { schema: { ...schema, params }, url: url.replace('*', ':path') };
};

/** Components that nothing refers to are left out. */
const transformObject: NonNullable<FastifyDynamicSwaggerOptions['transformObject']> = (document) => {
  const whole = jsonSchemaTransformObject(document);
  const { schemas = {} } = (whole as OpenAPIV3_1.Document).components ?? {};
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name!)) continue;
      used.add(name!);
      visit(schemas[name!]);
    }
  };
  // Of events of the stream.
  visit([TickView, DecisionList].map((schema) => ({ $ref: `#/components/schemas/${schema.meta()!.id!}` })));
  visit((whole as OpenAPIV3_1.Document).paths);
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  return { ...whole, components: { schemas: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))) } } as never;
};
