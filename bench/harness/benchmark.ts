/** One file of bench/benchmarks: it exports `benchmark`, and `npm run bench` finds it. */
export interface Benchmark {
  /** That of the file, without `.ts`; for the command line and the names of what is written. */
  readonly name: string;
  readonly title: string;
  run(): Promise<Measurements>;
}

/** What a benchmark found out, as plain data. */
export interface Measurements {
  readonly figures: readonly Figure[];
  /** Of figures of the same repetition: they mean the same on another machine, or nearly. */
  readonly ratios: readonly Figure[];
  readonly goals: readonly Goal[];
  readonly charts: readonly Chart[];
  /** Of databases; those of packages are filled in. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Figure {
  readonly key: string;
  readonly label: string;
  /** Such as `ns`, `calls`, `×`. */
  readonly unit: string;
  /** One for each repetition. */
  readonly values: readonly number[];
  /** Stands out in the chart. */
  readonly isOurs?: boolean;
}

export interface Goal {
  readonly text: string;
  /** The key of a figure or ratio, whose median is meant. */
  readonly figure: string;
  readonly bound: 'at most' | 'at least';
  readonly value: number;
}

/** Bars on one scale. */
export interface Chart {
  readonly title: string;
  /** Keys of figures that have one unit. */
  readonly figures: readonly string[];
}
