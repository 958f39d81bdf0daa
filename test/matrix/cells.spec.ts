import { AXES, type Axis, CELLS, titleOf } from './cells.js';

const axes = Object.keys(AXES) as Axis[];
const pairs = axes.flatMap((one, index) =>
  axes.slice(index + 1).map((other) => [one, other] as const),
);

describe('the matrix', () => {
  it.each(pairs)(
    'has every value of %s with every value of %s',
    (one, other) => {
      const covered = new Set(
        CELLS.map((cell) => `${cell[one]} with ${cell[other]}`),
      );
      const wanted = AXES[one].flatMap((value) =>
        AXES[other].map((second) => `${value} with ${second}`),
      );
      expect([...covered].toSorted()).toEqual(wanted.toSorted());
    },
  );

  it('has no cell twice', () => {
    const titles = CELLS.map(titleOf);
    expect(titles).toHaveLength(new Set(titles).size);
  });
});
