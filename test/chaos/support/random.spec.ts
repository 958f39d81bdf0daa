import { Random } from './random.js';

const draw = (name: string) => {
  const random = new Random(name);
  return Array.from({ length: 20 }, () => random.next());
};

describe('the choices of a run', () => {
  it('are the same each time, and others than those of another run', () => {
    expect(draw('sigkill stable')).toEqual(draw('sigkill stable'));
    expect(draw('sigkill stable')).not.toEqual(draw('sigkill classic'));
  });

  it('are spread over all there is to choose from', () => {
    const random = new Random('sigkill stable');
    const picked = Array.from({ length: 200 }, () => random.pick([1, 2, 3]));
    expect(new Set(picked)).toEqual(new Set([1, 2, 3]));
    expect(random.pick([])).toBeUndefined();
    for (const x of draw('between')) expect(x >= 0 && x < 1).toBe(true);
  });
});
