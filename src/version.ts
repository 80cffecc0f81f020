import manifest from '../package.json' with { type: 'json' };

/** muster's version. package.json alone says it; the bundle holds a copy. */
export const VERSION = manifest.version;

/** `node build.mjs` puts the commit here where SOURCE_COMMIT names it. */
declare const SOURCE_COMMIT: string | undefined;

/** The commit that was built; empty: the build named none. */
export const COMMIT = typeof SOURCE_COMMIT === 'string' ? SOURCE_COMMIT : '';
