import { serverNow } from './server/server-time.ts';
import { widthOf } from './streams.ts';

/** Colours by what they mean. */
export type Tone = 'head' | 'good' | 'waits' | 'bad' | 'dim';

/** For whom a command writes: a person before a terminal, or a program behind a pipe. */
export interface View {
  /** Times are relative, and lines fit the width; else times are absolute and nothing is shortened. */
  readonly isTerminal: boolean;
  /** Columns; Infinity: as many as there are. */
  readonly width: number;
  readonly height: number;
  /** muster's time. */
  readonly now: () => Date;
  /** Text in a colour; the same text where there are none. */
  readonly paint: (tone: Tone, text: string) => string;
}

/** Escape sequences of colours, which take no columns. */
export const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const CODES: Readonly<Record<Tone, string>> = { head: '1', good: '32', waits: '33', bad: '31', dim: '2' };

const plain = (_tone: Tone, text: string) => text;
const coloured = (tone: Tone, text: string) => `\x1b[${CODES[tone]}m${text}\x1b[0m`;

/** A pipe: no colours, nothing shortened. */
export const PIPE: View = { isTerminal: false, width: Infinity, height: Infinity, now: serverNow, paint: plain };

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>;

/** The view of a stream now; a terminal may change its size. No colours with NO_COLOR or TERM=dumb. */
export function viewOf(stream: Stream = process.stdout, env: NodeJS.ProcessEnv = process.env): View {
  if (!stream.isTTY) return PIPE;
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const paint = isPlain ? plain : coloured;
  return { isTerminal: true, width: widthOf(stream, env), height: stream.rows || 24, now: serverNow, paint };
}
