import { counted } from '../core/wording.ts';
import { MAX_QUEUES } from '../core/queue/tree.ts';

/** Levels below the root. */
export const MAX_DEPTH = 6;

/** What is wrong with the number of queues or their levels, as an issue of the schema. */
export interface NestingMistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input: unknown;
}

interface Level {
  readonly queues: readonly unknown[];
  readonly path: readonly PropertyKey[];
  readonly depth: number;
}

/**
 * Looks at the number of queues and their levels before the schema does, which takes a stack frame for each level and
 * time for each queue. Anything that is no list or map is the schema's business.
 */
export function nestingMistake(file: unknown): NestingMistake | undefined {
  let count = 0;
  const open: Level[] = [{ queues: listAt(file, 'queues'), path: ['queues'], depth: 1 }];
  for (let level = open.pop(); level; level = open.pop()) {
    const { queues, path, depth } = level;
    count += queues.length;
    if (count >= MAX_QUEUES)
      return { path: ['queues'], message: `must have fewer than ${MAX_QUEUES} queues in all`, input: count };
    for (const [i, queue] of queues.entries()) {
      const at = [...path, i];
      if (depth + eachLevels(queue) > MAX_DEPTH) {
        const name = (queue as { readonly name?: unknown }).name;
        return { path: at, message: `must have at most ${counted(MAX_DEPTH, 'level')}`, input: name };
      }
      open.push({ queues: listAt(queue, 'queues'), path: [...at, 'queues'], depth: depth + 1 });
    }
  }
  return undefined;
}

/** How many levels of queues are made on demand below this one. */
function eachLevels(queue: unknown): number {
  let levels = 0;
  for (let at = fieldOf(queue, 'each'); at !== undefined && levels <= MAX_DEPTH; at = fieldOf(at, 'each')) levels++;
  return levels;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = fieldOf(value, key);
  return Array.isArray(found) ? found : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
