import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { guardReads } from './access/guard.ts';
import { loopbackAlone, type ReadAccess } from './access/read-access.ts';
import { refusalMetrics } from './access/refusal-metrics.ts';
import { browserHeaders } from './browser-headers.ts';
import { consoleFiles } from './console-files.ts';

interface Options {
  /** Who may read; absent: this machine. */
  readonly access: ReadAccess | undefined;
  readonly registry: Registry;
  /** The time now, as answers have it, in ms; absent: that of this machine. */
  readonly wallMs?: (() => number) | undefined;
}

/**
 * The console, for all who connect, and what it reads, for those who may read.
 * @param routes adds the routes that are guarded, in a scope of their own
 */
export function forPeople(
  app: FastifyInstance,
  { access = loopbackAlone(), registry, wallMs }: Options,
  routes: (reads: FastifyInstance) => unknown,
): void {
  browserHeaders(app, wallMs);
  consoleFiles(app);
  const onRefusal = refusalMetrics(registry);
  void app.register((reads, _options, done) => {
    guardReads(reads, { access, onRefusal });
    routes(reads);
    done();
  });
}
