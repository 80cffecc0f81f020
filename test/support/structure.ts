/**
 * Schemas of Kubernetes objects in a notation that is short enough to keep (test/unit/deploy/schemas): by type its fields
 * as `name! type`, ! where required; a type is `string`, `integer|string`, `any`, `[list]`, `{map}` or another's name,
 * and `unread` for what was left out.
 */
export interface Schemas {
  /** `apiVersion kind` to type. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
}

interface Field {
  readonly type: string;
  readonly must: boolean;
}

/** What is wrong with an object: unknown fields, wrong types, what is missing; none where all is well. */
export function problemsOf(object: { readonly apiVersion: string; readonly kind: string }, schemas: Schemas): string[] {
  const type = schemas.kinds[`${object.apiVersion} ${object.kind}`];
  if (type === undefined) return [`no schema of ${object.apiVersion} ${object.kind}`];
  return check(object, type, object.kind, schemas);
}

function check(value: unknown, type: string, path: string, schemas: Schemas): string[] {
  if (type === 'any') return [];
  if (type === 'unread') return [`${path}: its schema was left out: run test/unit/deploy/schemas/compact.mjs again`];
  if (type.startsWith('[')) {
    if (!Array.isArray(value)) return [`${path}: is no list`];
    return value.flatMap((item, i) => check(item, type.slice(1, -1), `${path}[${i}]`, schemas));
  }
  if (type.startsWith('{') || type in schemas.types) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: is no map`];
    const entries = Object.entries(value);
    if (type.startsWith('{'))
      return entries.flatMap(([key, own]) => check(own, type.slice(1, -1), `${path}.${key}`, schemas));
    return checkFields(entries, fieldsOf(schemas.types[type]!), path, schemas);
  }
  const found = typeof value === 'number' && Number.isInteger(value) ? ['integer', 'number'] : [typeof value];
  return type.split('|').some((one) => found.includes(one)) ? [] : [`${path}: ${JSON.stringify(value)} is no ${type}`];
}

function checkFields(
  entries: readonly (readonly [string, unknown])[],
  fields: ReadonlyMap<string, Field>,
  path: string,
  schemas: Schemas,
): string[] {
  const given = new Set(entries.map(([key]) => key));
  const missing = [...fields].filter(([name, { must }]) => must && !given.has(name));
  return [
    ...missing.map(([name]) => `${path}.${name}: is missing`),
    ...entries.flatMap(([key, value]) => {
      const field = fields.get(key);
      return field ? check(value, field.type, `${path}.${key}`, schemas) : [`${path}.${key}: is no field`];
    }),
  ];
}

function fieldsOf(line: string): ReadonlyMap<string, Field> {
  return new Map(
    line.split(', ').map((field) => {
      const [, name, must, type] = /^([^ !]+)(!?) (.+)$/.exec(field)!;
      return [name!, { type: type!, must: must === '!' }];
    }),
  );
}
