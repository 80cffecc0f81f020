const factor = Number(process.env['MUSTER_PROPERTY_FACTOR'] ?? 1);

/** How many cases a property is tried on: so many, or MUSTER_PROPERTY_FACTOR times as many. */
export const propertyRuns = (usual: number): number => Math.ceil(usual * factor);
