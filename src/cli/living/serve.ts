import type { Config } from '../../config.ts';
import { DEFAULT_REPLAY } from '../../replay/options.ts';
import { ReplayScheduler } from '../../replay/sim/replay-scheduler.ts';
import { Clock } from '../../clock.ts';
import { buildFor, prepareWith, start, type Serving } from '../../server/start.ts';
import { VERSION } from '../../version.ts';
import { companyNodes, companyRules, companyWork, learnFrom } from './company.ts';
import { live } from './living.ts';
import { Pace } from './pace.ts';

/** A real minute is half an hour there. */
export const LIVING_SPEED = 30;
/** The cluster is busy when it can be looked at. */
const WARM_MS = 3_600_000;
/** Too few for all that is submitted by day, so that gangs wait. */
const NODES = 72;

/**
 * Serves a cluster on which a made-up company's jobs come, wait, run and end, LIVING_SPEED times as fast as in life.
 * @throws MusterError as `serve` does
 */
export async function serveLiving(config: Config): Promise<Serving> {
  const stop = new AbortController();
  const pace = new Pace({ speed: LIVING_SPEED, warmMs: WARM_MS, signal: stop.signal });
  const began = new Clock();
  // What runs ahead of the start has been before it.
  const zeroMs = began.nowMs() - WARM_MS;
  const prepared = prepareWith(config, {
    clock: {
      nowMs: pace.nowMs,
      toWall: (ms) => zeroMs + ms,
      fromWall: (ms) => ms - zeroMs,
      check: () => 0,
    },
    schedulerOf: ({ runTimes, ...options }) => new ReplayScheduler(options, runTimes!),
    rules: companyRules(),
    cluster: 'demo',
  });
  const { scheduler, logger } = prepared;
  // Thirty times as many decisions as in life bury what is said to people.
  const ofDecisions = config.logLevel === 'info' ? logger.child({}, { level: 'warn' }) : logger;
  const server = buildFor({ ...prepared, logger: ofDecisions });
  // Before the server is gone that the workload asks.
  server.app.addHook('preClose', () => Promise.resolve(stop.abort()));
  const serving = await start(prepared, server);
  const { url, extenderUrl } = serving;
  const nodes = companyNodes(NODES);
  const { trace, past } = companyWork(DEFAULT_REPLAY.seed);
  learnFrom(past, prepared.history.runTimes);
  const { onEffects } = server;
  void live({ trace, nodes, scheduler, url: extenderUrl, pace, signal: stop.signal, onEffects }).then(
    () => stop.signal.aborted || logger.info('the workload of the demo is over'),
    (error: unknown) => {
      // A question may be under way when the server closes.
      if (!stop.signal.aborted) logger.error({ error: String(error) }, 'the workload of the demo ended with an error');
    },
  );
  const policies = scheduler.policies.map(({ name }) => name);
  logger.info({ version: VERSION, url, nodes: NODES, speed: LIVING_SPEED, policies }, 'muster serves');
  return serving;
}
