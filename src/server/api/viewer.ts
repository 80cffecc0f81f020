import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What somebody who asks may see. Every route that names gangs, pods, users, namespaces or nodes answers through it. */
export interface Viewer {
  /** All gangs of all namespaces, and all that sentences say of them. */
  readonly seesAll: boolean;
  /** The names of nodes; without it they are numbered. */
  readonly seesNodes: boolean;
  /** Whether the names of this namespace may be shown. */
  sees(namespace: string): boolean;
}

/** Sees all. */
export const EVERYTHING: Viewer = { seesAll: true, seesNodes: true, sees: () => true };

declare module 'fastify' {
  interface FastifyRequest {
    /** What the asker may see. EVERYTHING unless a hook has said less. */
    viewer: Viewer;
  }
}

/** Gives requests their `viewer`, unless a scope above has. */
export function decorateViewer(app: FastifyInstance): void {
  if (app.hasRequestDecorator('viewer')) return;
  const said = new WeakMap<FastifyRequest, Viewer>();
  app.decorateRequest('viewer', {
    getter() {
      return said.get(this) ?? EVERYTHING;
    },
    setter(viewer) {
      said.set(this, viewer);
    },
  });
}
