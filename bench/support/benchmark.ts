/** One measured thing: what it is called, its figures, and what they are compared with. */
export interface Result {
  /** Unique in its benchmark, and the same in every run: `bench:compare` matches by it. */
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 's' | 'MB' | 'bytes' | '%' | 'x' | '1/s' | 'count';
  readonly median: number;
  readonly p99?: number;
  /** The middle half: the 25th and 75th percentile. Absent where there is one sample. */
  readonly spread?: readonly [number, number];
  readonly samples: number;
  /** Against something measured in the same run, or against a limit. */
  readonly checks?: readonly Check[];
  /** More figures, for the JSON and the docs: cycles, bytes, exponents. */
  readonly extra?: Readonly<Record<string, number | string>>;
}

/** A figure with the most (or, `atLeast`, the least) that it should be. */
export interface Check {
  /** For instance `p50 / floor`. */
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly atLeast?: true;
}

export interface BenchmarkContext {
  /** Shows how far a long run is; overwritten by the next. */
  readonly progress: (text: string) => void;
  /** A shorter run, to see that the benchmark works: its figures count for nothing. */
  readonly quick: boolean;
  /** Where to write pictures for the docs; undefined: none are wanted. */
  readonly svgFolder: string | undefined;
}

/** Each bench/NAME.ts exports one as `benchmark`. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly about: string;
  readonly run: (context: BenchmarkContext) => Promise<readonly Result[]>;
}

/** What one run of a benchmark leaves under bench/results/. */
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
