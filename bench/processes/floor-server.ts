import Fastify from 'fastify';

/**
 * The least that any extender in Node must pay: Fastify parses the body, and a text of as many bytes as asked for in
 * the query (`?bytes=`) is the answer. Prints its URL, and ends with its stdin.
 */
const app = Fastify({ bodyLimit: 2 ** 28, keepAliveTimeout: 120_000 });
const texts = new Map<number, string>();

app.post<{ Querystring: { bytes: string } }>('/filter', async (request, reply) => {
  const bytes = Number(request.query.bytes);
  let text = texts.get(bytes);
  if (text === undefined) {
    text = `{"NodeNames":["${'n'.repeat(Math.max(0, bytes - 17))}"]}`;
    texts.set(bytes, text);
  }
  return reply.type('application/json; charset=utf-8').send(text);
});

console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
process.stdin.resume().on('end', () => process.exit(0));
