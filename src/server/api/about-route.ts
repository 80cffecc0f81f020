import type { z } from 'zod';
import { VERSION } from '../../version.ts';
import { AboutView } from './board-schemas.ts';
import { json, type ApiScope } from './document.ts';
import type { Viewer } from './viewer.ts';

/** What the server says of itself beside what every server says. */
export interface AboutServer {
  readonly access: z.output<typeof AboutView>['access'];
  /** What is served, such as `live`, `files` or `demo`. */
  readonly cluster: string;
  readonly sees: (viewer: Viewer) => z.output<typeof AboutView>['sees'];
  readonly isDeciding: () => boolean;
}

/** GET /v1/about */
export function aboutRoute(app: ApiScope, { access, cluster, sees, isDeciding }: AboutServer): void {
  const schema = {
    operationId: 'getAbout',
    tags: ['server'],
    summary: 'The version, and what the asker may see; open to everybody who may connect',
    response: { 200: json(AboutView, 'About this server.') },
  };
  app.get('/v1/about', { schema }, ({ viewer }): z.output<typeof AboutView> => {
    return { version: VERSION, access, cluster, sees: sees(viewer), isDeciding: isDeciding() };
  });
}
