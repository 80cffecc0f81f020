import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

export interface Route {
  readonly method: string;
  /** Such as `/v1/gangs/:namespace/:name`. */
  readonly path: string;
}

const CHANNEL = 'fastify.initialization';

/** Builds servers and listens in: `routes` has all their routes, without HEAD, once they are ready. */
export function withRoutes<T>(build: () => T): { readonly built: T; readonly routes: readonly Route[] } {
  const routes: Route[] = [];
  const listen = (message: unknown) => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, path: url });
    });
  };
  subscribe(CHANNEL, listen);
  try {
    return { built: build(), routes };
  } finally {
    unsubscribe(CHANNEL, listen);
  }
}
