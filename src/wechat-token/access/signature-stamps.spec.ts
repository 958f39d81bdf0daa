import { ManualClock } from '../../testing/index.js';
import { MonotonicClock } from '../common/clock.js';
import { DatabaseClock } from '../store/database-clock.js';
import { SignatureStamps } from './signature-stamps.js';

describe('the stamp of a signature', () => {
  const clock = new ManualClock();

  it('R3: has the whole seconds of the database’s clock, whatever this machine’s says', async () => {
    const databaseClock = new DatabaseClock();
    const stamps = new SignatureStamps(clock, databaseClock);
    databaseClock.set(1_500_000_000_900, clock.now());
    expect(stamps.next().timestamp).toBe(1_500_000_000);

    await clock.advance(1099);
    expect(stamps.next().timestamp).toBe(1_500_000_001);
    await clock.advance(1);
    expect(stamps.next().timestamp).toBe(1_500_000_002);
  });

  it('has this machine’s before a row was read', () => {
    const stamps = new SignatureStamps(
      new MonotonicClock(),
      new DatabaseClock(),
    );
    const { timestamp } = stamps.next();
    expect(Number.isInteger(timestamp)).toBe(true);
    // The wall clock may have been set since the process began.
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(3600);
  });

  it('never repeats its nonce, also within one instant', () => {
    const stamps = new SignatureStamps(clock, new DatabaseClock());
    const nonces = Array.from({ length: 1000 }, () => stamps.next().nonceStr);
    for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(nonces).size).toBe(nonces.length);
  });
});
