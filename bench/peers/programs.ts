import { existsSync } from 'node:fs';

/** A program, or a file or folder, that the user names by an environment variable. */
export interface Given {
  readonly variable: string;
  /** For instance `Volcano's vc-scheduler, built from github.com/volcano-sh/volcano`. */
  readonly what: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The paths that the variables name. @throws Error that says which is wrong and what to do */
export function pathsOf(side: string, needs: readonly Given[], env: Env = process.env): readonly string[] {
  return needs.map(({ variable, what }) => {
    const path = env[variable];
    const next = `Set it to the path of ${what}, or leave ${side} out of --sides.`;
    if (path === undefined || path === '') throw new Error(`${side} needs ${variable}, which is not set. ${next}`);
    if (!existsSync(path)) throw new Error(`${variable}=${path}: there is no such file or folder. ${next}`);
    return path;
  });
}

/** Whether the user has named all of them. */
export const areGiven = (needs: readonly Given[], env: Env = process.env): boolean =>
  needs.every(({ variable }) => (env[variable] ?? '') !== '');
