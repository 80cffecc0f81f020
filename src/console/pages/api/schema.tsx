import { typeText, refName, type Document, type Schema } from './openapi.ts';

interface SchemaProps {
  readonly schema: Schema;
  readonly document: Document;
  readonly depth?: number;
}

/** Deeper than this nothing is shown: schemas may refer to themselves. */
const DEEPEST = 6;

/** The fields of a schema; those of what they hold unfold. */
export function SchemaFields({ schema, document, depth = 0 }: SchemaProps) {
  const inner = innermost(schema, document);
  const fields = Object.entries(inner.properties ?? {});
  if (fields.length === 0) return <p class="schema-type">{typeText(schema)}</p>;
  return (
    <ul class="schema">
      {fields.map(([name, field]) => (
        <li key={name}>
          <code>{name}</code>
          <span class="schema-type">
            {typeText(field)}
            {inner.required?.includes(name) ? '' : ', optional'}
          </span>
          {field.description !== undefined && <span class="schema-about">{field.description}</span>}
          {depth < DEEPEST && hasFields(field, document) && (
            <Unfolding schema={field} document={document} depth={depth + 1} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Unfolding(props: SchemaProps) {
  return (
    <details>
      <summary>fields</summary>
      <SchemaFields {...props} />
    </details>
  );
}

const hasFields = (schema: Schema, document: Document) =>
  Object.keys(innermost(schema, document).properties ?? {}).length > 0;

/** What a reference, a list or a map is of. */
function innermost(schema: Schema, document: Document, depth = 0): Schema {
  if (depth > DEEPEST) return schema;
  const { $ref, items, additionalProperties } = schema;
  const next =
    ($ref === undefined ? undefined : document.components?.schemas?.[refName($ref)]) ??
    items ??
    (typeof additionalProperties === 'object' && !schema.properties ? additionalProperties : undefined);
  return next ? innermost(next, document, depth + 1) : schema;
}
