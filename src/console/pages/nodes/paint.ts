import { FULL } from './columns.ts';
import type { Cell, Layout } from './layout.ts';
import { nodesIn } from './layout.ts';
import { STEPS } from './palette.ts';

export interface Scene {
  readonly layout: Layout;
  readonly values: Uint8Array;
  /** What the strongest colour stands for, 0 to 1. */
  readonly top: number;
  readonly ramp: readonly string[];
  readonly unschedulable: ReadonlySet<number>;
  /** How many places of the gang that is lit are on a node; empty: none is lit. */
  readonly lit: ReadonlyMap<number, number>;
  readonly litColour: string;
  readonly text: string;
  readonly ground: string;
  readonly hovered: Cell | undefined;
}

/** Paints the whole map: 15,000 cells are a few ms, since cells of one colour are painted together. */
export function paint(canvas: HTMLCanvasElement, scene: Scene, width: number): void {
  const { layout } = scene;
  const scale = window.devicePixelRatio || 1;
  const height = Math.ceil(layout.height);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext('2d')!;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  paintCells(pen, scene);
  paintNames(pen, scene);
  if (scene.lit.size > 0) paintLit(pen, scene);
  if (scene.hovered) outline(pen, scene, scene.hovered, scene.text);
}

function paintCells(
  pen: CanvasRenderingContext2D,
  { layout, values, top, ramp, unschedulable, lit, text }: Scene,
): void {
  const byColour = ramp.map(() => new Path2D());
  const cordoned = new Path2D();
  const size = layout.step - layout.gap;
  eachCell(layout, (cell, x, y) => {
    const nodes = nodesIn(cell, layout.perCell);
    const mean = nodes.reduce((sum, node) => sum + (values[node] ?? 0), 0) / nodes.length / FULL / top;
    byColour[Math.min(STEPS - 1, Math.round(Math.min(1, mean) * (STEPS - 1)))]!.rect(x, y, size, size);
    if (size >= 4 && nodes.every((node) => unschedulable.has(node))) {
      cordoned.moveTo(x, y + size);
      cordoned.lineTo(x + size, y);
    }
  });
  pen.globalAlpha = lit.size > 0 ? 0.45 : 1;
  byColour.forEach((path, i) => {
    pen.fillStyle = ramp[i]!;
    pen.fill(path);
  });
  pen.strokeStyle = text;
  pen.lineWidth = 1;
  pen.stroke(cordoned);
  pen.globalAlpha = 1;
}

function eachCell({ blocks, step, perCell }: Layout, visit: (cell: Cell, x: number, y: number) => void): void {
  for (const block of blocks) {
    const cells = Math.ceil(block.nodes.length / perCell);
    for (let at = 0; at < cells; at++) {
      const row = Math.floor(at / block.columns);
      visit({ block, at }, block.x + (at - row * block.columns) * step, block.y + row * step);
    }
  }
}

/** Every cell that has places of the gang; where there is room for it, with their number. */
function paintLit(pen: CanvasRenderingContext2D, { layout, lit, litColour, ground }: Scene): void {
  const size = layout.step - layout.gap;
  pen.font = `600 ${Math.min(12, size - 4)}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  eachCell(layout, (cell, x, y) => {
    const places = nodesIn(cell, layout.perCell).reduce((sum, node) => sum + (lit.get(node) ?? 0), 0);
    if (places === 0) return;
    pen.fillStyle = litColour;
    // Small cells are drawn a little larger, so that the eye finds them.
    const more = size < 8 ? 1 : 0;
    pen.fillRect(x - more, y - more, size + 2 * more, size + 2 * more);
    if (size < 12 || places > 99) return;
    pen.fillStyle = ground;
    pen.fillText(String(places), x + size / 2, y + size / 2 + 0.5);
  });
}

function paintNames(pen: CanvasRenderingContext2D, { layout, text }: Scene): void {
  if (!layout.hasNames) return;
  pen.font = '12px system-ui, sans-serif';
  pen.fillStyle = text;
  pen.textAlign = 'left';
  pen.textBaseline = 'alphabetic';
  for (const { name, x, y, columns } of layout.blocks)
    pen.fillText(shortened(pen, name, Math.max(columns * layout.step, 50)), x, y - 5);
}

/** A name as long as there is room; names of racks differ at their ends. */
function shortened(pen: CanvasRenderingContext2D, name: string, width: number): string {
  let text = name.slice(-64);
  if (text.length === name.length && pen.measureText(text).width <= width) return text;
  while (text.length > 1 && pen.measureText(`…${text}`).width > width) text = text.slice(1);
  return `…${text}`;
}

function outline(pen: CanvasRenderingContext2D, { layout }: Scene, { block, at }: Cell, colour: string): void {
  const row = Math.floor(at / block.columns);
  const [x, y] = [block.x + (at - row * block.columns) * layout.step, block.y + row * layout.step];
  const size = layout.step - layout.gap;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.strokeRect(x - 1, y - 1, size + 2, size + 2);
}
