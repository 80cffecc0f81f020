/** A measurement: its name, its figures, and the checks on them. */
export interface Result {
  /** Unique in its benchmark, and the same in every run: `bench:compare` and `bench:pair` match by it. */
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 's' | 'MB' | 'bytes' | '%' | 'x' | '1/s' | 'count';
  readonly median: number;
  readonly p99?: number;
  /** The middle half: the 25th and 75th percentile. Absent where there is one sample. */
  readonly spread?: readonly [number, number];
  readonly samples: number;
  /** Name of a figure that was measured in turn with this one and is not muster's: `bench:pair` divides by it. */
  readonly floor?: string;
  /** Comparisons with another figure of the same run, or with a limit. */
  readonly checks?: readonly Check[];
  /** More figures, for the JSON and the docs: cycles, bytes, exponents. */
  readonly extra?: Readonly<Record<string, number | string>>;
}

/** A figure and its upper limit (or, with `atLeast`, its lower limit). */
export interface Check {
  /** For instance `p50 / floor`. */
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly atLeast?: true;
}

export interface BenchmarkContext {
  /** Shows the progress of a long run; each text overwrites the last. */
  readonly progress: (text: string) => void;
  /** A shorter run, to test that the benchmark works; its figures mean nothing. */
  readonly quick: boolean;
  /** The folder for the docs' charts; undefined: write none. */
  readonly svgFolder: string | undefined;
}

/** Each bench/NAME.ts exports one as `benchmark`. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly about: string;
  readonly run: (context: BenchmarkContext) => Promise<readonly Result[]>;
}

/** The file that a run of a benchmark writes to bench/results/. */
export interface Report {
  readonly benchmark: string;
  readonly machine: string;
  readonly node: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly results: readonly Result[];
}
