import type { FastifyInstance } from 'fastify';
import { MusterError } from '../core/errors.ts';

/** @throws MusterError MUSTER_USAGE if the port is taken or the address is not this machine's */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const then = code === 'EADDRINUSE' ? ' Is a muster running already? Stop it, or choose another port.' : '';
    const what = `Cannot listen on ${host}:${port}: ${message}.${then}`;
    throw new MusterError('MUSTER_USAGE', what, { cause: error });
  }
}

/** Whether only this machine reaches an address that a server listens on. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
