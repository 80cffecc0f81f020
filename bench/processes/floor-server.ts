import Fastify from 'fastify';

/**
 * The minimal cost of an extender in Node.js: Fastify parses the body, and the answer is a text with the number of
 * bytes that the query requests. It sends its parent the URL.
 */
const app = Fastify({ bodyLimit: 2 ** 28, keepAliveTimeout: 120_000 });
const texts = new Map<string, string>();

app.post<{ Querystring: { bytes: string } }>('/floor', (request, reply) => {
  const { bytes } = request.query;
  let text = texts.get(bytes);
  if (text === undefined) texts.set(bytes, (text = ' '.repeat(Number(bytes))));
  return reply.header('content-type', 'application/json').send(text);
});

process.on('disconnect', () => process.exit(0));
process.send!(await app.listen({ host: '127.0.0.1', port: 0 }));
