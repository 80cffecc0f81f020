/** `npm test` tries a part of the cases, `.ci/run` all of them. */
const factor = Number(process.env['MUSTER_PROPERTY_FACTOR'] ?? 0.4);

/** How many cases a property is tried on: MUSTER_PROPERTY_FACTOR times `all`, two fifths of them without it. */
export const propertyRuns = (all: number): number => Math.ceil(all * factor);

/** How often the cases that are tried must meet what the property is about, where all of them, or more, do so `all` times. */
export const timesMet = (all: number): number => Math.floor(all * Math.min(1, factor));
