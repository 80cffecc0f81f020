import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EVERYTHING, type Viewer } from '../api/viewer.ts';
import { askerOf, type Asker } from './asker.ts';
import { NOTHING, type ReadAccess, type Verdict } from './read-access.ts';
import type { Refusal } from './refusal.ts';
import { otherSite } from './same-site.ts';

/** Answers everybody: who may see nothing learns how to ask. */
const OPEN = '/v1/about';
/** How often those who read a stream are judged again. */
const AGAIN_MS = 60_000;

export interface GuardOptions {
  readonly access: ReadAccess;
  /** Counts refusals. */
  readonly onRefusal: (refusal: Refusal) => void;
  /** How often streams are judged again, in ms. */
  readonly againMs?: number;
}

/** A request that is being answered, and on whose behalf. */
interface Open {
  readonly reply: FastifyReply;
  readonly viewer: ChangingViewer;
  readonly judge: () => Verdict | Promise<Verdict>;
  /** When it was judged last, by the clock that never goes back, in ms. */
  judgedAtMs: number;
}

/**
 * Lets nobody into the routes of `app` whom `access` does not let in, and says in `request.viewer` what the others may
 * see. Whoever reads a stream is judged again each minute: the viewer then changes, or the stream is cut off.
 */
export function guardReads(app: FastifyInstance, { access, onRefusal, againMs = AGAIN_MS }: GuardOptions): void {
  const open = new Set<Open>();
  app.decorateRequest('viewer', undefined as never);
  app.addHook('onRequest', async (request, reply) => {
    const asker = askerOf(request.raw);
    const judge = () => verdictOn(access, asker, namespaceOf(request));
    const { viewer, refusal } = await judge();
    if (refusal && request.routeOptions.url !== OPEN) {
      onRefusal(refusal);
      return refuse(reply, refusal);
    }
    request.viewer = viewer ?? NOTHING;
    // An address, a name or a certificate stays what it is for as long as the connection.
    if (!viewer || !access.needsToken || asker.isCertified) return undefined;
    const changing = new ChangingViewer(viewer);
    request.viewer = changing;
    remember(open, { reply, viewer: changing, judge, judgedAtMs: performance.now() });
    return undefined;
  });
  let isJudging = false;
  const again = async () => {
    // One pass at a time, one question after the other: a slow API server is not asked more.
    if (isJudging) return;
    isJudging = true;
    await judgeAgain(open, { onRefusal, againMs }).finally(() => (isJudging = false));
  };
  const timer = setInterval(() => void again(), againMs).unref();
  app.addHook('onClose', () => clearInterval(timer));
}

/** A certificate reads everything, but not for a page of another site. */
function verdictOn(access: ReadAccess, asker: Asker, namespace: string | undefined): Verdict | Promise<Verdict> {
  const refusal = otherSite(asker);
  if (refusal) return { refusal };
  return asker.isCertified ? CERTIFIED : access.decide(asker, namespace);
}

const CERTIFIED: Verdict = { viewer: EVERYTHING };

function remember(open: Set<Open>, one: Open): void {
  // Who went while they were judged: their `close` has been.
  if (one.reply.raw.destroyed) return;
  open.add(one);
  one.reply.raw.once('close', () => open.delete(one));
}

/** Judges those whose last judgement is older than half the time between two passes. */
async function judgeAgain(
  open: ReadonlySet<Open>,
  { onRefusal, againMs }: Required<Pick<GuardOptions, 'onRefusal' | 'againMs'>>,
): Promise<void> {
  for (const one of [...open]) {
    // Some leave, and some have been judged a moment ago.
    if (!open.has(one) || performance.now() - one.judgedAtMs < againMs / 2) continue;
    const { viewer, refusal } = await one.judge();
    one.judgedAtMs = performance.now();
    if (viewer) one.viewer.become(viewer);
    else {
      onRefusal(refusal);
      one.reply.raw.destroy();
    }
  }
}

/** What the reader of a stream may see now. */
class ChangingViewer implements Viewer {
  #now: Viewer;

  constructor(first: Viewer) {
    this.#now = first;
  }

  become(next: Viewer): void {
    this.#now = next;
  }

  get seesAll(): boolean {
    return this.#now.seesAll;
  }

  get seesNodes(): boolean {
    return this.#now.seesNodes;
  }

  sees(namespace: string): boolean {
    return this.#now.sees(namespace);
  }
}

function namespaceOf({ params }: FastifyRequest): string | undefined {
  const { namespace } = (params ?? {}) as { namespace?: string };
  return namespace;
}

function refuse(reply: FastifyReply, { status, error }: Refusal): FastifyReply {
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="muster"');
  if (status === 429 || status === 503) void reply.header('retry-after', '5');
  return reply.code(status).send({ error });
}
