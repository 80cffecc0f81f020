import type { Plugin } from 'esbuild';

export interface ConsoleFile {
  /** `/` or `/assets/NAME-HASH.js`. */
  readonly path: string;
  /** The value of Content-Type. */
  readonly type: string;
  /** The content, compressed with gzip, in base64. */
  readonly gzip: string;
}

export function consoleFiles(): Promise<readonly ConsoleFile[]>;
export const consoleModule: Plugin;
export const consoleModuleOfTests: {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(id: string): string | undefined;
  load(id: string): Promise<string> | undefined;
};
