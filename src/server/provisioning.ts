import type { Config } from '../config.ts';
import { MusterError } from '../core/errors.ts';
import type { LiveClusterOptions } from '../kube/live-cluster.ts';

/** The classes that cluster-autoscaler has, by what people call them. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['check-capacity', 'check-capacity.autoscaling.x-k8s.io'],
  ['best-effort-atomic', 'best-effort-atomic-scale-up.autoscaling.x-k8s.io'],
]);
/** The parameter of cluster-autoscaler that says how long it may try. */
const VALID_UNTIL = 'ValidUntilSeconds';
const VALID_SECONDS = 900;

type Said = Pick<Config, 'provisioning' | 'provisioningParameters' | 'provisioningAfterMs' | 'provisioningMost'>;

/**
 * How the autoscaler is asked for nodes; nothing where config says nothing.
 * @throws MusterError MUSTER_USAGE if a parameter is given twice, or ValidUntilSeconds is no number of seconds
 */
export function provisioningRules(config: Said): Pick<LiveClusterOptions, 'provisioning'> {
  const { provisioning: said, provisioningParameters: pairs, provisioningAfterMs, provisioningMost } = config;
  if (said === undefined) return {};
  const parameters = new Map([[VALID_UNTIL, String(VALID_SECONDS)]]);
  const given = new Set<string>();
  for (const pair of pairs) {
    const key = pair.slice(0, pair.indexOf('='));
    if (given.has(key)) throw new MusterError('MUSTER_USAGE', `provisioningParameters: ${key} is given twice.`);
    given.add(key);
    parameters.set(key, pair.slice(key.length + 1));
  }
  const seconds = Number(parameters.get(VALID_UNTIL));
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800)
    throw new MusterError(
      'MUSTER_USAGE',
      `provisioningParameters: ${VALID_UNTIL}=${parameters.get(VALID_UNTIL)}: expected a number of seconds from 1 to 604800 (a week).`,
    );
  const requestClass = { name: CLASSES.get(said) ?? said, parameters: Object.fromEntries(parameters) };
  return {
    provisioning: {
      requestClass: said === 'off' ? undefined : requestClass,
      afterMs: provisioningAfterMs,
      most: provisioningMost,
      validMs: seconds * 1000,
    },
  };
}
