/** The annotation by which a leader joins the trace of what submitted it: a W3C traceparent. */
const TRACEPARENT = 'muster.dev/traceparent';

/** Version 00 alone: other versions may be longer than what is kept. */
const FORM = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @returns undefined if there is none; one that is malformed counts as none, as the standard wants it */
export function traceParentOf(annotations: ReadonlyMap<string, string>): string | undefined {
  const text = annotations.get(TRACEPARENT);
  return text !== undefined && FORM.test(text) ? text : undefined;
}
