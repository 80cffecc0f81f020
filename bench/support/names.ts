/** The order of a run of all; each is bench/NAME.ts. */
export const BENCHMARKS = ['core', 'filter-http', 'scale', 'hostile', 'replay', 'soak', 'end-to-end', 'console'];
