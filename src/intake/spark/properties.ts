/** A driver's conf has a few kB; a ConfigMap may have 1 MiB. */
const MAX_TEXT = 2 * 2 ** 20;

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/**
 * Java's Properties format, as `Properties.store` writes it and `load` reads it: `#` and `!` begin comments, a
 * backslash at the end continues a line, keys end at the first `=`, `:` or blank that is not escaped.
 * @returns the properties; empty for a text longer than any ConfigMap
 */
export function parseProperties(text: string): Map<string, string> {
  const out = new Map<string, string>();
  if (text.length > MAX_TEXT) return out;
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    const value = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
    out.set(unescape(line.slice(0, end)), unescape(value));
  }
  return out;
}

function* logicalLines(text: string): Generator<string> {
  let open: string | undefined;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (open === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const whole: string = (open ?? '') + line;
    let backslashes = 0;
    while (line.at(-1 - backslashes) === '\\') backslashes++;
    open = backslashes % 2 === 1 ? whole.slice(0, -1) : undefined;
    if (open === undefined) yield whole;
  }
  if (open !== undefined) yield open;
}

function keyEnd(line: string): number {
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\') i++;
    else if (/[=: \t\f]/.test(line[i]!)) return i;
  }
  return line.length;
}

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_whole, escaped: string) =>
    escaped.length === 5 ? String.fromCharCode(parseInt(escaped.slice(1), 16)) : (ESCAPES[escaped] ?? escaped),
  );
}
