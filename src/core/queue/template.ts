/** What may stand in the queue of a rule: `adhoc.{namespace}`, `{user}`, `team-{label:example.com/team}`. */
export interface Values {
  readonly namespace: string;
  readonly user: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** As long as a DNS label may be. */
const MAX_NAME = 63;
/** Of a longer value the rest says nothing in a name. */
const MAX_VALUE = 253;

/** The names of a queue's path; dots in braces belong to the key of a label. */
export function segmentsOf(template: string): readonly string[] {
  const out: string[] = [];
  let [from, depth] = [0, 0];
  for (let i = 0; i <= template.length; i++) {
    const char = template[i];
    if (char === '{') depth++;
    else if (char === '}') depth = Math.max(0, depth - 1);
    else if (char === undefined || (char === '.' && depth === 0)) {
      if (i > from) out.push(template.slice(from, i));
      from = i + 1;
    }
  }
  return out[0] === 'root' ? out.slice(1) : out;
}

export const isTemplate = (text: string): boolean => text.includes('{');

/** The path with the values in place; undefined: the pod lacks a value. */
export function filledIn(template: string, values: Values): string | undefined {
  if (!isTemplate(template)) return template;
  const names: string[] = [];
  for (const segment of segmentsOf(template)) {
    let isWhole = true;
    const name = segment.replace(/\{([^}]*)\}/g, (_all, key: string) => {
      const value = asName(valueOf(key, values) ?? '');
      isWhole &&= value !== '';
      return value;
    });
    if (!isWhole) return undefined;
    names.push(name.slice(0, MAX_NAME));
  }
  return names.join('.');
}

function valueOf(key: string, { namespace, user, labels }: Values): string | undefined {
  if (key === 'namespace') return namespace;
  if (key === 'user') return user;
  return key.startsWith('label:') ? labels.get(key.slice('label:'.length)) : undefined;
}

/** The value as a DNS label: what cannot be in one becomes `-`. '' if nothing is left of it. */
function asName(value: string): string {
  const plain = value
    .slice(0, MAX_VALUE)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
    .slice(0, MAX_NAME);
  let [from, to] = [0, plain.length];
  while (plain[from] === '-') from++;
  while (to > from && plain[to - 1] === '-') to--;
  return plain.slice(from, to);
}
