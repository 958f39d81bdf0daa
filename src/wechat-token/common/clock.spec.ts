import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { MonotonicClock } from './clock.js';

describe("R3 the event loop's time", () => {
  let time = 5000;
  const reads = vi.spyOn(performance, 'now');
  beforeEach(() => reads.mockReset().mockImplementation(() => time));
  afterAll(() => reads.mockRestore());

  it('of many calls in a row the first two read the clock', async () => {
    const clock = new MonotonicClock();

    for (let read = 0; read < 1000; read++) {
      expect(clock.turn()).toBe(time);
      // An await of a resolved promise does not end the turn.
      await Promise.resolve();
    }

    expect(reads).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['from a timer or I/O', () => setImmediate()],
    [
      'when all that was ready has run',
      () => new Promise<void>((resolve) => nextTick(resolve)),
    ],
  ])('a read %s reads the clock again', async (_, nextTurn) => {
    const clock = new MonotonicClock();
    clock.turn();
    clock.turn();
    await nextTurn();
    time += 7_200_000;

    expect(clock.turn()).toBe(time);
  });

  it('a single call reads the clock, however long the turn of the event loop lasts', () => {
    const clock = new MonotonicClock();
    for (let read = 0; read < 3; read++) {
      time += 1;
      expect(clock.turn()).toBe(time);
    }

    expect(reads).toHaveBeenCalledTimes(3);
  });

  it('now() always reads the clock', () => {
    const clock = new MonotonicClock();
    clock.turn();
    clock.turn();
    time += 3000;

    expect(clock.now()).toBe(time);
    expect(clock.turn()).toBe(time - 3000);
  });
});
