export type Fields = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of maps; of anything else nothing. */
export const mapsIn = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isMap) : []);
