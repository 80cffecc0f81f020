import { basename } from 'node:path';

/**
 * How the program is called, for its help: as `kubectl-muster` on the PATH it is a plugin of kubectl.
 * @param script the path with which it was started
 */
export const programName = (script = ''): string =>
  /^kubectl[-_]muster(\.\w+)?$/.test(basename(script)) ? 'kubectl muster' : 'muster';
