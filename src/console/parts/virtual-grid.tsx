import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useState } from 'preact/hooks';
import { inView, nextRow } from './grid-view.ts';
import { useScroll } from './use-scroll.ts';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Whether the list can be sorted by it. */
  readonly isSortable?: boolean;
  /** Sorted by it in ascending order, the largest comes first. */
  readonly isLargestFirst?: boolean;
}

export interface Sorting {
  readonly by: string;
  readonly order: 'asc' | 'desc';
  readonly onSort: (by: string) => void;
}

export interface GridProps<T> {
  readonly label: string;
  /** Sets the widths of the columns. */
  readonly look: string;
  readonly role?: 'grid' | 'treegrid';
  readonly columns: readonly Column<T>[];
  readonly total: number;
  /** undefined: it is not read yet. */
  readonly rowAt: (index: number) => T | undefined;
  readonly keyOf: (row: T) => string;
  /** px; all rows have the same. */
  readonly rowHeight: number;
  readonly onRange?: (first: number, end: number) => void;
  readonly onOpen?: (row: T) => void;
  /** ArrowLeft and ArrowRight. */
  readonly onSide?: (row: T, side: 'left' | 'right') => void;
  readonly sorting?: Sorting;
  /** Attributes of a row, such as aria-level. */
  readonly rowProps?: (row: T) => Record<string, string | number | boolean | undefined>;
}

/** A table of which only the rows in view exist. The arrow keys move in it, Enter opens a row. */
export function VirtualGrid<T>(props: GridProps<T>) {
  const { label, look, role = 'grid', columns, total, rowHeight, onRange } = props;
  const { box, top, height } = useScroll();
  const { first, end } = inView(top, height, rowHeight, total);
  const id = useId();
  const active = useActive(props, box, height);
  useEffect(() => onRange?.(first, end), [first, end, total, onRange]);
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  return (
    <div
      ref={box}
      class={`grid ${look}`}
      role={role}
      aria-label={label}
      aria-rowcount={total + 1}
      aria-colcount={columns.length}
      aria-activedescendant={active.at >= first && active.at < end ? `${id}-${active.at}` : undefined}
      tabIndex={0}
      onKeyDown={active.onKeyDown}
    >
      <Head {...props} />
      <div class="grid-body" role="rowgroup" style={{ height: `${total * rowHeight}px` }}>
        {rows.map((at) => (
          <Row key={at} grid={props} at={at} id={`${id}-${at}`} isActive={at === active.at} onChoose={active.choose} />
        ))}
      </div>
    </div>
  );
}

function Head<T>({ columns, sorting }: GridProps<T>) {
  return (
    <div class="grid-head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {columns.map(({ key, title, isSortable, isLargestFirst = false }) => (
          <div key={key} role="columnheader" class={`c-${key}`} aria-sort={sortOf(key, sorting, isLargestFirst)}>
            {isSortable && sorting ? (
              <button type="button" class="sort" onClick={() => sorting.onSort(key)}>
                {title}
                <span class="sort-mark" aria-hidden="true">
                  {MARKS[sortOf(key, sorting, isLargestFirst) ?? 'none']}
                </span>
              </button>
            ) : title === '' ? (
              <span class="unseen">{key}</span>
            ) : (
              title
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

const MARKS = { ascending: '▲', descending: '▼', none: '' } as const;

function sortOf(key: string, sorting: Sorting | undefined, isLargestFirst: boolean) {
  if (sorting?.by !== key) return undefined;
  return (sorting.order === 'asc') === isLargestFirst ? 'descending' : 'ascending';
}

interface RowProps<T> {
  readonly grid: GridProps<T>;
  readonly at: number;
  readonly id: string;
  readonly isActive: boolean;
  readonly onChoose: (at: number) => void;
}

function Row<T>({ grid: { columns, rowAt, rowHeight, rowProps, onOpen }, at, id, isActive, onChoose }: RowProps<T>) {
  const row = rowAt(at);
  const place = { transform: `translateY(${at * rowHeight}px)`, height: `${rowHeight}px` };
  const onClick = (event: MouseEvent) => {
    onChoose(at);
    if (row !== undefined && !(event.target as Element).closest('a, button')) onOpen?.(row);
  };
  return (
    <div
      id={id}
      role="row"
      class={`row${isActive ? ' is-active' : ''}${row === undefined ? ' is-unread' : ''}`}
      aria-rowindex={at + 2}
      aria-selected={isActive}
      style={place}
      onClick={onClick}
      {...(row === undefined ? {} : rowProps?.(row))}
    >
      {columns.map(({ key, cell }) => (
        <div key={key} role="gridcell" class={`c-${key}`}>
          {row === undefined ? '' : cell(row)}
        </div>
      ))}
    </div>
  );
}

/** The row that the keys move. It is known by its key, so that it stays the same when the list changes. */
function useActive<T>(props: GridProps<T>, box: { current: HTMLDivElement | null }, height: number) {
  const { total, rowAt, keyOf, rowHeight, onOpen, onSide } = props;
  const [{ at, key }, setActive] = useState<{ at: number; key: string | undefined }>({ at: -1, key: undefined });
  const keyAt = (index: number) => {
    const row = rowAt(index);
    return row === undefined ? undefined : keyOf(row);
  };
  const choose = (to: number) => setActive({ at: to, key: keyAt(to) });
  useLayoutEffect(() => {
    if (key === undefined || at < 0 || keyAt(at) === key) return;
    const near = Array.from({ length: 40 }, (_, i) => at + (i % 2 === 0 ? -1 : 1) * Math.ceil((i + 1) / 2));
    const found = near.find((one) => one >= 0 && keyAt(one) === key);
    if (found !== undefined) setActive({ at: found, key });
    else if (keyAt(at) !== undefined) setActive({ at: Math.min(at, total - 1), key: keyAt(at) });
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = at < 0 ? undefined : rowAt(at);
    if (event.key === 'Enter' && row !== undefined) onOpen?.(row);
    else if (event.key === 'ArrowLeft' && row !== undefined) onSide?.(row, 'left');
    else if (event.key === 'ArrowRight' && row !== undefined) onSide?.(row, 'right');
    const to = nextRow(event.key, at, total, Math.floor(height / rowHeight) - 2);
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
    showRow(box.current, to * rowHeight, rowHeight);
  };
  return { at, choose, onKeyDown };
}

/** Scrolls so far that the row is in view below the head. */
function showRow(box: HTMLDivElement | null, top: number, rowHeight: number): void {
  if (!box) return;
  const head = box.querySelector<HTMLElement>('.grid-head')?.offsetHeight ?? 0;
  const bottom = top + rowHeight + head;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}
