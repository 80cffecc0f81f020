/** The latest time that a Date can hold. */
const MAX_DATE_MS = 8.64e15;

/** RFC 3339, UTC; times past all dates as the last of them. */
export const isoTime = (ms: number): string => new Date(Math.min(ms, MAX_DATE_MS)).toISOString();
