import { useMemo, useState } from 'preact/hooks';
import { ask } from '../../api/client.ts';
import { Loaded } from '../../parts/notes.tsx';
import { Table } from '../../parts/table.tsx';
import { useLive } from '../../state/live.ts';
import { operationsByTag, typeText, type Document, type Operation } from './openapi.ts';
import { SchemaFields } from './schema.tsx';
import { TryIt } from './try-it.tsx';

/** The read API, made from its own description. */
export function ApiPage() {
  const live = useLive('openapi', { version: 'policies', load: (stop) => ask<Document>('openapi.json', {}, stop) });
  return (
    <div class="page page-api">
      <h1 class="unseen">API</h1>
      <Loaded live={live}>{(document) => <Operations document={document} />}</Loaded>
    </div>
  );
}

function Operations({ document }: { readonly document: Document }) {
  const tags = useMemo(() => operationsByTag(document), [document]);
  return (
    <>
      <p class="lead">
        {document.info?.description} <a href="openapi.json">openapi.json</a>
      </p>
      {[...tags].map(([tag, operations]) => (
        <section key={tag} class="part">
          <h2>{tag}</h2>
          {document.tags?.find(({ name }) => name === tag)?.description}
          {operations.map((operation) => (
            <OperationOf key={`${operation.method} ${operation.path}`} operation={operation} document={document} />
          ))}
        </section>
      ))}
    </>
  );
}

interface OperationProps {
  readonly operation: Operation;
  readonly document: Document;
}

function OperationOf({ operation, document }: OperationProps) {
  const { method, path, summary, description } = operation;
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class={`method method-${method}`}>{method.toUpperCase()}</span>
        <code>{path}</code>
        <span class="operation-about">{summary}</span>
      </summary>
      {isOpen && (
        <div class="operation-body">
          {description !== undefined && description !== summary && <p>{description}</p>}
          <Parameters operation={operation} />
          {method === 'get' && <TryIt operation={operation} />}
          <Bodies operation={operation} document={document} />
        </div>
      )}
    </details>
  );
}

function Parameters({ operation: { parameters = [] } }: { readonly operation: Operation }) {
  if (parameters.length === 0) return null;
  const rows = parameters.map(({ name, in: where, required, description, schema }) => [
    name,
    where,
    schema ? typeText(schema) : '',
    `${required ? 'required. ' : ''}${description ?? schema?.description ?? ''}`,
  ]);
  return <Table caption="Parameters" head={['Parameter', 'In', 'Type', 'Meaning']} rows={rows} />;
}

function Bodies({ operation: { requestBody, responses = {} }, document }: OperationProps) {
  const bodies = [
    ...(requestBody ? [['Body', requestBody] as const] : []),
    ...Object.entries(responses).map(([status, response]) => [status, response] as const),
  ];
  return (
    <>
      {bodies.map(([name, { description, content }]) => {
        const schema = Object.values(content ?? {})[0]?.schema;
        return (
          <details key={name} class="response">
            <summary>
              <strong>{name}</strong> {description}
            </summary>
            {schema && <SchemaFields schema={schema} document={document} />}
          </details>
        );
      })}
    </>
  );
}
