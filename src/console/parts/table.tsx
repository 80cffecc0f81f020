import type { ComponentChildren } from 'preact';

interface TableProps {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** How many columns at the right have figures. */
  readonly figures?: number;
}

/** A plain table of a few rows; too wide ones scroll by themselves. */
export function Table({ caption, head, rows, figures = 0 }: TableProps) {
  const kind = (at: number) => (at >= head.length - figures ? 'figure' : undefined);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {head.map((title, at) => (
              <th key={at} scope="col" class={kind(at)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, at) =>
                at === 0 ? (
                  <th key={at} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={at} class={kind(at)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
