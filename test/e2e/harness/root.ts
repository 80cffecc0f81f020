import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder, also where this runs as part of a bundle in dist/. */
const ROOT = above(import.meta.dirname);

function above(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : above(dirname(folder));
}

/** A path inside the project, such as `dist/cli.js`. */
export const inProject = (path: string) => join(ROOT, path);
