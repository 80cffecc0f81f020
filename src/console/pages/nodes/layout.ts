import type { NodeGroup } from './columns.ts';

/** Where each cell of the map is: groups as blocks of square cells, in rows. All in CSS px. */

interface Block {
  readonly name: string;
  readonly nodes: readonly number[];
  readonly x: number;
  /** Of the first row of cells; the name stands above it. */
  readonly y: number;
  /** Cells in a row. */
  readonly columns: number;
}

export interface Layout {
  readonly blocks: readonly Block[];
  /** From one cell to the next; the cell itself is smaller by `gap`. */
  readonly step: number;
  readonly gap: number;
  /** How many nodes one cell stands for. */
  readonly perCell: number;
  readonly height: number;
  readonly hasNames: boolean;
}

const STEPS = [84, 72, 60, 50, 40, 34, 30, 26, 22, 18, 15, 13, 11, 9, 8, 7, 6, 5, 4] as const;
const NAME_PX = 18;
const BETWEEN_PX = 10;
/** More groups than this have no room for names. */
const MOST_NAMES = 120;

const cellsOf = (nodes: number, perCell: number) => Math.ceil(nodes / perCell);

/** The largest cells with which all nodes fit; where none fit, one cell stands for several nodes. */
export function layOut(groups: readonly NodeGroup[], width: number, height: number): Layout {
  for (const step of STEPS) {
    const layout = layOutWith(groups, width, step, 1);
    if (layout.height <= height) return layout;
  }
  const smallest = STEPS.at(-1)!;
  for (let perCell = 2; ; perCell *= 2) {
    const layout = layOutWith(groups, width, smallest, perCell);
    if (layout.height <= height || perCell > 1024) return layout;
  }
}

function layOutWith(groups: readonly NodeGroup[], width: number, step: number, perCell: number): Layout {
  const hasNames = groups.length > 1 && groups.length <= MOST_NAMES;
  const head = hasNames ? NAME_PX : 0;
  const blocks: Block[] = [];
  let [x, y, tallest] = [0, 0, 0];
  for (const { name, nodes } of groups) {
    const cells = cellsOf(nodes.length, perCell);
    const columns = columnsFor(cells, groups.length, width, step);
    const rows = Math.ceil(cells / columns);
    if (x > 0 && x + columns * step > width) [x, y, tallest] = [0, y + tallest + BETWEEN_PX, 0];
    blocks.push({ name, nodes, x, y: y + head, columns });
    tallest = Math.max(tallest, head + rows * step);
    x += Math.max(columns * step, hasNames ? 3 * NAME_PX : 0) + BETWEEN_PX;
  }
  return { blocks, step, gap: step > 6 ? 2 : 1, perCell, height: y + tallest, hasNames };
}

/** One group takes the whole width; a few share it in equal parts; many are wider than high. */
function columnsFor(cells: number, groups: number, width: number, step: number): number {
  const most = Math.max(1, Math.floor(width / step));
  if (groups === 1) return most;
  const across = groups <= 4 ? groups : undefined;
  const wanted =
    across === undefined
      ? Math.ceil(Math.sqrt(cells * 1.8))
      : Math.floor((width - (across - 1) * BETWEEN_PX) / across / step);
  return Math.max(1, Math.min(most, wanted));
}

export interface Cell {
  readonly block: Block;
  /** Which of the block's cells. */
  readonly at: number;
}

/** The nodes that a cell stands for. */
export const nodesIn = ({ block, at }: Cell, perCell: number): readonly number[] =>
  block.nodes.slice(at * perCell, (at + 1) * perCell);

/** The cell at a place of the picture. */
export function cellAt({ blocks, step, perCell }: Layout, x: number, y: number): Cell | undefined {
  for (const block of blocks) {
    const column = Math.floor((x - block.x) / step);
    const row = Math.floor((y - block.y) / step);
    if (column < 0 || column >= block.columns || row < 0) continue;
    const at = row * block.columns + column;
    if (at < cellsOf(block.nodes.length, perCell)) return { block, at };
  }
  return undefined;
}

/** Where the keys lead from a cell. */
export function neighbour(layout: Layout, from: Cell | undefined, key: string): Cell | undefined {
  const first = layout.blocks[0];
  if (!from) return first && { block: first, at: 0 };
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: from.block.columns, ArrowUp: -from.block.columns }[key];
  if (step === undefined) return undefined;
  const at = from.at + step;
  const cells = cellsOf(from.block.nodes.length, layout.perCell);
  if (at >= 0 && at < cells) return { block: from.block, at };
  const index = layout.blocks.indexOf(from.block) + Math.sign(step);
  const block = layout.blocks[index];
  if (!block) return from;
  return { block, at: step > 0 ? 0 : cellsOf(block.nodes.length, layout.perCell) - 1 };
}
