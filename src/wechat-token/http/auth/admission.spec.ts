import { ThrottlerStorageService } from '@nestjs/throttler';
import type { MockInstance } from 'vitest';
import { AdmissionDesk } from './admission.js';
import { ApiKeys } from './api-keys.js';

const key = 'a-key-of-sixteen-characters-or-more';
const WRONG = 'another-key-of-sixteen-characters';
const client = { id: 'shop', scopes: ['tokens:issue'] as const };

describe('who tries keys', () => {
  let storage: ThrottlerStorageService;
  let desk: AdmissionDesk;
  let told: MockInstance;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    storage = new ThrottlerStorageService();
    const keys = new ApiKeys({ current: () => [{ ...client, key }] });
    desk = new AdmissionDesk(keys, storage);
    told = vi.spyOn(desk['logger'], 'warn').mockReturnValue();
  });
  afterEach(() => {
    storage.onApplicationShutdown();
    vi.useRealTimers();
  });

  const tryWrong = async (address: string, times: number) => {
    for (let n = 0; n < times; n++) await desk.admit(WRONG, address);
  };

  it('is let in with a key, as often as he likes', async () => {
    for (let n = 0; n < 100; n++)
      expect(await desk.admit(key, '10.0.0.1')).toEqual({ client });
  });

  it('is counted one by one when he tries all at once', async () => {
    await Promise.all(
      Array.from({ length: 100 }, () => desk.admit(WRONG, '10.0.0.1')),
    );

    expect(told).toHaveBeenCalledTimes(10);
  });

  it('is not looked at after ten wrong ones, for a minute', async () => {
    await tryWrong('10.0.0.1', 9);
    expect(await desk.admit(WRONG, '10.0.0.1')).toEqual({});
    expect(await desk.admit(key, '10.0.0.1')).toEqual({ retryAfter: 60 });

    vi.advanceTimersByTime(59_000);
    expect(await desk.admit(key, '10.0.0.1')).toEqual({ retryAfter: 1 });
    vi.advanceTimersByTime(1000);
    expect(await desk.admit(key, '10.0.0.1')).toEqual({ client });
  });

  it('harms nobody at another address, nor who was there before', async () => {
    await desk.admit(key, '10.0.0.1');
    await tryWrong('10.0.0.1', 100);
    expect(await desk.admit(key, '10.0.0.1')).toEqual({ client });
    expect(await desk.admit(key, '10.0.0.2')).toEqual({ client });
  });

  it('is the same with every address of his IPv6 network, and however IPv4 is written', async () => {
    for (let n = 0; n < 10; n++)
      await desk.admit(WRONG, `2001:db8:1:2:${n}::1`);
    expect(await desk.admit(key, '2001:db8:1:2::9')).toEqual({
      retryAfter: 60,
    });
    expect(await desk.admit(key, '2001:db8:1:3::9')).toEqual({ client });

    await tryWrong('::ffff:10.0.0.1', 10);
    expect(await desk.admit(key, '10.0.0.1')).toEqual({ retryAfter: 60 });
  });

  it('fills no memory by coming from everywhere', async () => {
    for (let n = 0; n < 15_000; n++) {
      const address = `10.0.${n >> 8}.${n & 255}`;
      await desk.admit(key, address);
      await desk.admit(WRONG, address);
    }
    expect(storage.storage.size).toBeLessThanOrEqual(10_001);
    expect(desk['known'].size).toBeLessThanOrEqual(10_000);
  });
});
