import { Config, envName } from '../config.ts';
import { nearestOf } from '../core/nearest.ts';
import { SERVER_VARIABLES, TOKEN_VARIABLE } from './server/flags.ts';

const KNOWN: readonly string[] = [
  ...Object.keys(Config.shape).map(envName),
  ...Object.values(SERVER_VARIABLES),
  TOKEN_VARIABLE,
];

/** Of tests and benches. */
const OTHERS = /^MUSTER_(E2E|PROPERTY|PEERS|FIDELITY|BENCH|TEST)_|^MUSTER_PROFILE$/;
/** Kubernetes sets these in every pod of a namespace that has a Service `muster` or `muster-...`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/;
const SERVICE_PORT = /^MUSTER(_\w+)?_PORT$/;

/** A line for each variable that begins with MUSTER_ and means nothing. Its value is not told: it may be a secret. */
export function unknownVariables(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('MUSTER_') && !KNOWN.includes(name) && !isOfOthers(name, env[name]!))
    .sort()
    .map((name) => {
      const near = nearestOf(
        name.slice('MUSTER_'.length),
        KNOWN.map((one) => one.slice('MUSTER_'.length)),
      );
      const did = near === undefined ? 'docs/config.md and docs/cli.md list all' : `did you mean MUSTER_${near}?`;
      return `environment variable ${name} is no setting: ${did}`;
    });
}

const isOfOthers = (name: string, value: string) =>
  OTHERS.test(name) || SERVICE_LINK.test(name) || (SERVICE_PORT.test(name) && /^\w+:\/\//.test(value));

/** Writes the lines to standard error. */
export function warnOfVariables(env: NodeJS.ProcessEnv = process.env): void {
  for (const line of unknownVariables(env))
    process.stderr.write(`muster: warning: ${line.replace(/([^?.])$/, '$1.')}\n`);
}
