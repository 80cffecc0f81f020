import { parseArgs } from 'node:util';

/** What is measured: measurements with other sizes are not compared. */
export interface Sizes {
  readonly nodes: number;
  /** Cores of a node; it has four times as many GiB. */
  readonly cores: number;
  readonly gangs: number;
  /** Executors of a gang; with its driver it has one pod more. */
  readonly executors: number;
  /** Client requests a second of every scheduler; burst twice that. */
  readonly qps: number;
  /** Whether a gang's executors are created when its driver is bound, as Spark does. */
  readonly driverFirst: boolean;
}

export interface PeersOptions {
  /** One entry per size of the cluster. */
  readonly sizes: readonly Sizes[];
  /** Undefined: all whose programs are there. */
  readonly sides: readonly string[] | undefined;
  readonly rounds: number;
  /** A file of measurements, one JSON object a line: what is in it is not measured again. */
  readonly file: string | undefined;
  /** No measurement begins later than this after the start. */
  readonly minutes: number;
}

export const PEERS_USAGE = `npm run bench:peers -- [--sides NAME,...] [--nodes 1000,5000] [--rounds 3] [--json FILE] ...
  Creates gangs of a driver and executors while a scheduler runs, and measures until all pods are bound; every side once
  a round, in another order each round. Figures are medians of the rounds.
  --sides NAME,...   which schedulers; all whose programs are there unless said; --list names them with what they need
  --nodes N,...      sizes of the cluster; 1000,5000 unless said
  --cores N          of a node; 16 unless said. Fewer make a cluster in which not all gangs fit
  --gangs N          100 unless said
  --executors N      of a gang; 20 unless said
  --driver-first     create a gang's executors when its driver is bound, as Spark does; all pods at once unless said
  --qps N            client requests a second of every scheduler; 1000 unless said
  --rounds N         3 unless said
  --json FILE        add measurements to this file; those in it are not made again, but are in the table
  --minutes M        begin no measurement later than this; the same command with --json goes on where it ended`;

const NUMBERS = { cores: 16, gangs: 100, executors: 20, qps: 1000, rounds: 3 } as const;
const SCALES = '1000,5000';

/** @returns undefined where help is wanted, 'list' where the sides are asked for. @throws Error that says what is wrong */
export function peersOptions(args: readonly string[]): PeersOptions | 'list' | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ sides: text, nodes: { ...text, default: SCALES }, cores: text, gangs: text, executors: text, qps: text },
      ...{ rounds: text, json: text, minutes: text, 'driver-first': flag, list: flag, help: { ...flag, short: 'h' } },
    },
  });
  if (values.help) return undefined;
  if (values.list) return 'list';
  const number = (name: keyof typeof NUMBERS) => countOf(`--${name}`, values[name] ?? String(NUMBERS[name]));
  const minutes = values.minutes === undefined ? Infinity : Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes is more than 0, not "${values.minutes}".`);
  const { rounds, ...size } = Object.fromEntries(
    Object.keys(NUMBERS).map((name) => [name, number(name as keyof typeof NUMBERS)]),
  ) as Record<keyof typeof NUMBERS, number>;
  const scales = values.nodes.split(',').map((nodes) => countOf('--nodes', nodes));
  return {
    sizes: scales.map((nodes) => ({ nodes, ...size, driverFirst: values['driver-first'] })),
    sides: values.sides === undefined ? undefined : [...new Set(values.sides.split(','))],
    rounds,
    file: values.json,
    minutes,
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`${option} is a whole number of 1 or more, not "${text}".`);
}
