import { resourceMistake } from '../../intake/quota-schema.ts';
import type { Plain } from '../../intake/plain-text.ts';
import { amountText } from '../../intake/amount-text.ts';
import { parseQuantity, wholeUnits } from '../../intake/quantity.ts';
import { shown } from '../../intake/wording.ts';
import type { Json } from '../../intake/field.ts';

/** A queue as it will stand in the file, with those below it. */
export interface Draft {
  /** As the peer calls it. */
  readonly name: string;
  readonly fields: Record<string, Plain>;
  readonly below: Draft[];
}

/** What an importer adds to. */
export class Import {
  readonly queues: Draft[] = [];
  readonly rules: Record<string, Plain>[] = [];
  /** What has no counterpart, a sentence each without its full stop. */
  readonly notes = new Set<string>();

  note(where: string, what: string): void {
    this.notes.add(`${where}: ${what}`);
  }

  /** Amounts by resource, in the units of Resources; what cannot be read is noted and left out. */
  amounts(from: Json | undefined, where: string, rename: Readonly<Record<string, string>> = {}): Map<string, number> {
    const out = new Map<string, number>();
    for (const [key, value] of Object.entries(from ?? {})) {
      const name = rename[key] ?? key;
      const wrong = resourceMistake(name);
      const amount = wrong === undefined ? amountIn(name, value) : undefined;
      if (amount !== undefined) out.set(name, amount);
      else this.note(`${where}.${key}`, `${wrong ?? `${shown(value)} is no amount that muster reads`}; left out`);
    }
    return out;
  }
}

/** Undefined: no quantity, or more than 2^53 - 1. */
function amountIn(name: string, value: unknown): number | undefined {
  try {
    return wholeUnits(parseQuantity(value, name), name, name);
  } catch {
    return undefined;
  }
}

/** As a quota of the file; undefined for one without amounts. */
export function quotaOf(amounts: ReadonlyMap<string, number>): Record<string, Plain> | undefined {
  if (amounts.size === 0) return undefined;
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, amountText(name, amount)]));
}

/** A draft without the fields that are undefined. */
export function draft(name: string, fields: Readonly<Record<string, Plain | undefined>>, below: Draft[] = []): Draft {
  const said = Object.entries(fields).filter((entry): entry is [string, Plain] => entry[1] !== undefined);
  return { name, fields: Object.fromEntries(said), below };
}

/** `Team_A` -> `team-a`: names are DNS labels. */
export const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '') || 'queue';

/** What one queue says of its parent. */
export interface Child {
  readonly name: string;
  readonly parent: string | undefined;
  readonly draft: Draft;
}

/** Puts queues below those that they name. One whose parent is missing, or is below itself, goes to the top. */
export function nest(children: readonly Child[], into: Import): void {
  const byName = new Map(children.map((child) => [child.name, child]));
  for (const child of children) {
    const parent = child.parent === undefined ? undefined : byName.get(child.parent);
    if (child.parent !== undefined && parent === undefined)
      into.note(child.name, `its parent ${child.parent} is in none of the files; it stands at the top`);
    const isCircle = parent !== undefined && isBelow(parent, child, byName);
    if (isCircle) into.note(child.name, 'it is its own parent; it stands at the top');
    (isCircle ? into.queues : (parent?.draft.below ?? into.queues)).push(child.draft);
  }
}

/** Whether the one is the other, or below it, by the parents that they name. */
function isBelow(one: Child, other: Child, byName: ReadonlyMap<string, Child>): boolean {
  const seen = new Set<Child>();
  for (
    let at: Child | undefined = one;
    at && !seen.has(at);
    at = at.parent === undefined ? undefined : byName.get(at.parent)
  ) {
    if (at === other) return true;
    seen.add(at);
  }
  return false;
}

/** The path of each queue in the file, by the name that the peer gives it. */
export function pathsOf(queues: readonly Draft[], above: readonly string[] = []): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const { name, below } of queues) {
    const path = [...above, labelOf(name)];
    out.set(name, path.join('.'));
    for (const [one, at] of pathsOf(below, path)) out.set(one, at);
  }
  return out;
}
