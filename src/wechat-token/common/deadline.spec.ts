import { ManualClock } from '../../testing/index.js';
import { withDeadline } from './deadline.js';

const never = () => new Promise<string>(() => undefined);
const errors = {
  timedOut: () => new Error('timed out'),
  aborted: () => new Error('aborted'),
};

describe("R2 one caller's deadline", () => {
  it('gives what the work gives, and leaves no timer', async () => {
    const clock = new ManualClock();
    const work = Promise.resolve('token');

    const got = await withDeadline(work, clock, { timeoutMs: 10, ...errors });

    expect(got).toBe('token');
    expect(clock.sleepers).toBe(0);
  });

  it('ends at the timeout, to the millisecond', async () => {
    const clock = new ManualClock();
    const result = withDeadline(never(), clock, { timeoutMs: 500, ...errors });
    const settled = vi.fn();
    result.then(settled, settled);

    await clock.advance(499);
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    await expect(result).rejects.toThrow('timed out');
  });

  it('ends when the caller gives up, before or while it waits', async () => {
    const clock = new ManualClock();
    const gone = AbortSignal.abort();
    const later = new AbortController();
    const wait = (signal: AbortSignal) =>
      withDeadline(never(), clock, { timeoutMs: 500, signal, ...errors });

    await expect(wait(gone)).rejects.toThrow('aborted');
    const waiting = wait(later.signal);
    later.abort();
    await expect(waiting).rejects.toThrow('aborted');
    expect(clock.sleepers).toBe(0);
  });

  it('work that fails after its caller has gone is no unhandled rejection', async () => {
    const clock = new ManualClock();
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_, reject) => (fail = reject));
    const result = withDeadline(work, clock, { timeoutMs: 1, ...errors });
    const timedOut = expect(result).rejects.toThrow('timed out');
    await clock.advance(1);
    await timedOut;

    // An unhandled rejection would fail the run.
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
