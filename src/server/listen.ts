import type { FastifyInstance } from 'fastify';
import { MusterError } from '../core/errors.ts';

/** @throws MusterError MUSTER_USAGE if the port is taken or the address is not this machine's */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const what = `Cannot listen on ${host}:${port}: ${(error as Error).message}.`;
    throw new MusterError('MUSTER_USAGE', what, { cause: error });
  }
}

/** Whether only this machine reaches an address that a server listens on. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
