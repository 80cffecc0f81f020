import type { FastifyInstance } from 'fastify';

/** What /readyz tells. */
export interface HealthState {
  /** Why the server is not ready, such as before the cluster has been read; undefined: it is. */
  readonly unready: () => string | undefined;
  /** Why no gang is admitted, although the server answers; undefined: gangs are. */
  readonly blocked: () => string | undefined;
  /** Time since the last event from the cluster, in ms; undefined: there was none. */
  readonly lastEventMs: () => number | undefined;
  /** Of a live cluster. */
  readonly live?: LiveHealth | undefined;
}

export interface LiveHealth {
  /** How old the snapshot may be, in ms. */
  readonly ageMs: () => number;
  /** Whether nodes and pods are being watched. */
  readonly isWatching: boolean;
  readonly isStale: () => boolean;
  readonly isLeading: boolean;
}

/** GET /healthz and /readyz; /readyz?verbose has a line for each check, as Kubernetes' health endpoints have. */
export function health(app: FastifyInstance, state: HealthState): void {
  app.get('/healthz', () => 'ok\n');
  app.get<{ Querystring: { verbose?: string } }>('/readyz', ({ query }, reply) => {
    const why = state.unready();
    if (why !== undefined) void reply.code(503);
    if (query.verbose !== undefined) return `${linesOf(state).join('\n')}\n`;
    return why === undefined ? 'ok\n' : `${why}\n`;
  });
}

function linesOf({ unready, blocked, lastEventMs, live }: HealthState): readonly string[] {
  const [why, hold, age] = [unready(), blocked(), lastEventMs()];
  const line = (isGood: boolean, name: string, text: string) => `[${isGood ? '+' : '-'}]${name} ${text}`;
  const watch = (of: LiveHealth) => (isHeard(of) ? 'ok' : `no word from the API server for ${seconds(of.ageMs())}`);
  return [
    line(why === undefined, 'sync', why ?? 'ok'),
    ...(live ? [line(isHeard(live), 'watch', watch(live))] : []),
    line(age !== undefined, 'snapshot', age === undefined ? 'no event yet' : `last event ${seconds(age)} ago`),
    // A following replica is as ready as the other.
    ...(live ? [line(true, 'leader', live.isLeading ? 'this replica decides' : 'another replica decides')] : []),
    line(hold === undefined, 'admission', hold ?? 'ok'),
    why !== undefined
      ? `not ready: ${why}`
      : hold === undefined
        ? 'ready'
        : `ready, but admits no gang because ${hold}`,
  ];
}

const isHeard = (live: LiveHealth) => live.isWatching && !live.isStale();

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
