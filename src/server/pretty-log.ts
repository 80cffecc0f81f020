import { prettyFactory } from 'pino-pretty';

/** Characters that a terminal obeys instead of showing: tenants choose names and messages that come into the log. */
const OBEYED = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;

/** Only stacks, which the code writes, take several lines. */
const shown = (key: string, text: string): string =>
  text.replace(OBEYED, (character) => (key === 'stack' && character === '\n' ? character : escaped(character)));

/**
 * Makes lines of JSON readable for people: the local time, the level, the message, and the fields behind it.
 * @returns from a line its text, with a line feed at its end
 */
export function prettyLines(isColoured: boolean): (line: string) => string {
  const pretty = prettyFactory({
    colorize: isColoured,
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return (line) =>
    pretty(JSON.parse(line, (key, value: unknown) => (typeof value === 'string' ? shown(key, value) : value)));
}
