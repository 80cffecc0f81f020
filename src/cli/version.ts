import { MusterError } from '../core/errors.ts';
import { COMMIT, VERSION } from '../version.ts';
import { documentText, type OneFormat, type Out } from './formats.ts';
import { aboutOf } from './muster-api.ts';
import { withMuster } from './server/connect.ts';
import type { ServerFlags } from './server/flags.ts';
import { versionText } from './version-text.ts';

export interface VersionFlags extends ServerFlags {
  readonly output: OneFormat;
  /** Only of this program. */
  readonly client?: true;
}

/**
 * `muster version`: of this program, and of the muster that it finds.
 * @returns the exit code: 1 where no muster was found
 */
export async function versionCommand(flags: VersionFlags, { write }: Out): Promise<number> {
  const client = { version: VERSION, ...(COMMIT === '' ? {} : { commit: COMMIT }) };
  let server: object | undefined;
  let problem: MusterError | undefined;
  if (!flags.client) {
    try {
      server = await withMuster(flags, async (found) => ({ address: found.name, ...(await aboutOf(found)) }));
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      problem = error;
    }
  }
  if (flags.output !== 'table') write(documentText({ client, ...(server ? { server } : {}) }, flags.output));
  else write(`client: ${versionText}\n${server ? serverLine(server as never) : ''}`);
  if (problem) process.stderr.write(`muster: ${problem.message}\n`);
  return problem ? 1 : 0;
}

interface Found {
  readonly address: string;
  readonly version: string;
  readonly cluster: string;
  readonly isDeciding: boolean;
}

const serverLine = ({ address, version, cluster, isDeciding }: Found) =>
  `server: ${version} (${address}; ${cluster}; ${isDeciding ? 'it decides' : 'another replica decides'})\n`;
