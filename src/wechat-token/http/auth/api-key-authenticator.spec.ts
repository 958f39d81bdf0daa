import type { MockInstance } from 'vitest';
import { ManualClock } from '../../../testing/index.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { LogLine } from '../../common/log-line.js';
import { ApiKeys } from './api-keys.js';

const key = 'a-key-of-sixteen-characters-or-more';
const WRONG = 'another-key-of-sixteen-characters';
const client = { id: 'shop', scopes: ['tokens:issue'] as const };

describe('an address that sends API keys', () => {
  let clock: ManualClock;
  let authenticator: ApiKeyAuthenticator;
  let warn: MockInstance;

  beforeEach(() => {
    clock = new ManualClock();
    const keys = new ApiKeys({ current: () => [{ ...client, key }] });
    authenticator = new ApiKeyAuthenticator(keys, clock);
    warn = vi.spyOn(authenticator['logger'], 'warn').mockReturnValue();
  });

  const sendWrong = (address: string, times: number) => {
    for (let n = 0; n < times; n++) authenticator.authenticate(WRONG, address);
  };

  it('is let in with a valid key any number of times', () => {
    for (let n = 0; n < 100; n++)
      expect(authenticator.authenticate(key, '10.0.0.1')).toEqual({ client });
  });

  it('leaves ten log lines, the last of which says that it is blocked', () => {
    sendWrong('10.0.0.1', 100);
    const lines = warn.mock.calls.map(([line]) => line as unknown);
    expect(lines).toEqual(
      Array.from({ length: 10 }, (_, n) => {
        const fields = { address: '10.0.0.1', blocked: n === 9 };
        return new LogLine('wrong API key', fields);
      }),
    );
  });

  it('is blocked for a minute after ten wrong keys', async () => {
    sendWrong('10.0.0.1', 9);
    expect(authenticator.authenticate(WRONG, '10.0.0.1')).toEqual({});
    const ask = () => authenticator.authenticate(key, '10.0.0.1');
    expect(ask()).toEqual({ retryAfter: 60 });

    await clock.advance(59_000);
    expect(ask()).toEqual({ retryAfter: 1 });
    await clock.advance(1000);
    expect(ask()).toEqual({ client });
  });

  it('blocks no other address, and no client that has used this one before', () => {
    authenticator.authenticate(key, '10.0.0.1');
    sendWrong('10.0.0.1', 100);
    expect(authenticator.authenticate(key, '10.0.0.1')).toEqual({ client });
    expect(authenticator.authenticate(key, '10.0.0.2')).toEqual({ client });
  });

  it('counts as its IPv6 network, and as the same in every notation of IPv4', () => {
    for (let n = 0; n < 10; n++)
      authenticator.authenticate(WRONG, `2001:db8:1:2:${n}::1`);
    expect(authenticator.authenticate(key, '2001:db8:1:2::9')).toEqual({
      retryAfter: 60,
    });
    expect(authenticator.authenticate(key, '2001:db8:1:3::9')).toEqual({
      client,
    });

    sendWrong('::ffff:10.0.0.1', 10);
    expect(authenticator.authenticate(key, '10.0.0.1')).toEqual({
      retryAfter: 60,
    });
  });

  it('cannot exhaust memory by changing all the time', () => {
    for (let n = 0; n < 15_000; n++) {
      const address = `10.0.${n >> 8}.${n & 255}`;
      authenticator.authenticate(key, address);
      authenticator.authenticate(WRONG, address);
    }
    expect(authenticator['wrongKeys']['windows'].size).toBe(10_000);
    expect(authenticator['known'].size).toBeLessThanOrEqual(10_000);
  });
});
