import { pino, type Logger } from 'pino';
import { Scheduler } from '../../src/core/scheduler.ts';
import type { NodeInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { buildServer } from '../../src/server/app.ts';

/** A real server on a free loopback port, with these nodes. */
export async function startServer(
  nodes: readonly NodeInfo[],
  options: { reasons?: 'one' | 'all'; synced?: boolean; logger?: Logger } = {},
) {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster', 'spark-batch'] });
  for (const node of nodes) scheduler.observe({ kind: 'node', node }, 0);
  if (options.synced !== false) scheduler.observe({ kind: 'synced' }, 0);
  const { app, drain } = buildServer({
    scheduler,
    nowMs: () => 0,
    logger: options.logger ?? pino({ level: 'silent' }),
    reasons: options.reasons ?? 'one',
    maxBodyBytes: 2 * 2 ** 20,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const post = async (verb: string, body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/${verb}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  return { url, app, drain, scheduler, post, close: () => app.close() };
}
