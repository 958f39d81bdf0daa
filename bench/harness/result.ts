import type { Chart, Figure, Goal, Measurements } from './benchmark.js';
import type { Circumstances } from './circumstances.js';
import { summaryOf, type Summary } from './statistics.js';

export type SummedFigure = Figure & Summary;
export type CheckedGoal = Goal & {
  readonly result: number;
  readonly isReached: boolean;
};

/** The content of bench/results/<name>.json. */
export interface BenchmarkResult {
  readonly name: string;
  readonly title: string;
  readonly circumstances: Circumstances;
  readonly goals: readonly CheckedGoal[];
  readonly ratios: readonly SummedFigure[];
  readonly figures: readonly SummedFigure[];
  readonly charts: readonly Chart[];
}

export function resultOf(
  { name, title }: { name: string; title: string },
  { figures, ratios, goals, charts }: Measurements,
  circumstances: Circumstances,
): BenchmarkResult {
  const summed = (all: readonly Figure[]) =>
    all.map((figure) => ({ ...figure, ...summaryOf(figure.values) }));
  const result = {
    name,
    title,
    circumstances,
    ratios: summed(ratios),
    figures: summed(figures),
    charts,
  };
  const known = [...result.ratios, ...result.figures];
  return { ...result, goals: goals.map((goal) => checked(goal, known)) };
}

/** Finds a figure or ratio by its key. @throws Error for an unknown key */
export function figureOf(
  key: string,
  figures: readonly SummedFigure[],
): SummedFigure {
  const found = figures.find((figure) => figure.key === key);
  if (!found) throw new Error(`there is no figure ${key}`);
  return found;
}

function checked(goal: Goal, figures: readonly SummedFigure[]): CheckedGoal {
  const result = figureOf(goal.figure, figures).median;
  const isReached =
    goal.bound === 'at most' ? result <= goal.value : result >= goal.value;
  return { ...goal, result, isReached };
}
