import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import type { View } from './view.ts';

/** How a command prints what it read. */
export const FORMATS_OF_LISTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type ListFormat = (typeof FORMATS_OF_LISTS)[number];

export const FORMATS_OF_ONE = ['table', 'json', 'yaml'] as const;
export type OneFormat = (typeof FORMATS_OF_ONE)[number];

/** Adds -o and -w as kubectl has them. */
export const withOutput = (command: Command, formats: readonly string[], fallback = 'table'): Command =>
  command.addOption(new Option('-o, --output <format>', 'output format').choices(formats).default(fallback));

export const withWatch = (command: Command): Command =>
  command.option('-w, --watch', 'go on: redraw when something changes; into a pipe, print the lines that changed');

/** A value as JSON or YAML, with the end of the line. */
export const documentText = (value: unknown, format: 'json' | 'yaml'): string =>
  format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { aliasDuplicateObjects: false });

/** Writes text, and how to draw for who reads it. */
export interface Out {
  readonly write: (text: string) => void;
  readonly view: () => View;
}
