/** One file of bench/benchmarks: it exports `benchmark`, and `npm run bench` finds it. */
export interface Benchmark {
  /** The file name without `.ts`, for the command line and the names of results. */
  readonly name: string;
  readonly title: string;
  run(): Promise<Measurements>;
}

/** The results of a benchmark, as plain data. */
export interface Measurements {
  readonly figures: readonly Figure[];
  /** Ratios of figures of the same repetition, which are comparable between machines. */
  readonly ratios: readonly Figure[];
  readonly goals: readonly Goal[];
  readonly charts: readonly Chart[];
  /** The versions of databases; those of packages are added. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Figure {
  readonly key: string;
  readonly label: string;
  /** The unit, such as `ns`, `calls`, `×`. */
  readonly unit: string;
  /** One value for each repetition. */
  readonly values: readonly number[];
  /** Whether the figure is highlighted in the chart. */
  readonly isOurs?: boolean;
}

export interface Goal {
  readonly text: string;
  /** The key of a figure or ratio; its median is compared. */
  readonly figure: string;
  readonly bound: 'at most' | 'at least';
  readonly value: number;
}

/** A bar chart with one scale. */
export interface Chart {
  readonly title: string;
  /** The keys of figures of the same unit. */
  readonly figures: readonly string[];
}
