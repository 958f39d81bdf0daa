import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('starts at 1 000 000 ms and moves only when advanced', async () => {
    const clock = new ManualClock();
    expect(clock.now()).toBe(1_000_000);
    await clock.advance(1500);
    expect(clock.now()).toBe(1_001_500);
  });

  it('wakes sleepers in the order they become due, each at its own instant', async () => {
    const clock = new ManualClock();
    const woken: [string, number][] = [];
    const sleepThen = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push([name, clock.now() - 1_000_000]);
    };
    const all = Promise.all([
      sleepThen('late', 300),
      sleepThen('early', 100),
      sleepThen('same time, second', 300),
    ]);
    expect(clock.sleepers).toBe(3);
    await clock.advance(300);
    await all;
    expect(woken).toEqual([
      ['early', 100],
      ['late', 300],
      ['same time, second', 300],
    ]);
    expect(clock.sleepers).toBe(0);
  });

  it('leaves a sleeper that is not due asleep', async () => {
    const clock = new ManualClock();
    let woken = false;
    const sleeping = clock.sleep(100).then(() => (woken = true));
    await clock.advance(99);
    expect(woken).toBe(false);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    await sleeping;
    expect(woken).toBe(true);
  });

  it('wakes a loop as often as its sleeps fit into one advance', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const ticks: number[] = [];
    const loop = (async () => {
      for (;;) {
        await clock.sleep(10, stop.signal);
        ticks.push(clock.now() - 1_000_000);
      }
    })();
    await clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
    stop.abort(new Error('enough'));
    await expect(loop).rejects.toThrow('enough');
    expect(clock.sleepers).toBe(0);
  });

  it('rejects a sleep with the reason of its abort, before or during it', async () => {
    const clock = new ManualClock();
    const reason = new Error('shutting down');
    await expect(clock.sleep(10, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
    const stop = new AbortController();
    const sleeping = clock.sleep(10, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.sleepers).toBe(0);
  });

  it('ends a sleep of no time by itself', async () => {
    const clock = new ManualClock();
    await clock.sleep(0);
    await clock.sleep(-5);
    expect(clock.now()).toBe(1_000_000);
  });

  it('refuses to go back', async () => {
    const clock = new ManualClock();
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
    expect(clock.now()).toBe(1_000_000);
  });
});
