/** A value for an error message: as JSON, at most 80 characters. Never throws. */
export function shown(value: unknown): string {
  const text = asJson(typeof value === 'string' ? value.slice(0, 100) : value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/**
 * JSON.stringify fails for a value that is nested too deep or contains itself (a YAML alias can): name its kind
 * instead.
 */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
}
