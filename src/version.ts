import manifest from '../package.json' with { type: 'json' };

/** muster's version. package.json alone says it; the bundle holds a copy. */
export const VERSION = manifest.version;
