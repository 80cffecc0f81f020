import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { problemIn } from './problem.ts';

/** Answers with the query as its schema reads it, or with 400 and what is wrong with it. */
export function withQuery<S extends z.ZodType>(
  schema: S,
  query: unknown,
  reply: FastifyReply,
  answer: (query: z.output<S>) => unknown,
) {
  const parsed = schema.safeParse(query);
  if (parsed.success) return answer(parsed.data);
  return reply.code(400).send({ error: `query ${problemIn(parsed.error)}` });
}
