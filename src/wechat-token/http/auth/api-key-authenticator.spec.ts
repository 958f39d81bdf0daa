import type { MockInstance } from 'vitest';
import { ManualClock } from '../../../testing/index.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { LogLine } from '../../common/log-line.js';
import { ApiKeys } from './api-keys.js';

const key = 'a-key-of-thirty-two-characters-or-more';
const WRONG = 'another-key-of-thirty-two-characters';
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

  const send = (sent: string, ip: string) =>
    authenticator.authenticate(sent, { ip });
  /** The answer to a wrong key, and how long it takes. */
  const wrong = async (ip: string) => {
    const sentAt = clock.now();
    let answer: unknown;
    void Promise.resolve(send(WRONG, ip)).then((result) => (answer = result));
    await clock.advance(0);
    if (!answer) await clock.advance(200);
    return [answer, clock.now() - sentAt];
  };
  const exhaust = async (ip: string) => {
    for (let n = 0; n < 10; n++) expect(await wrong(ip)).toEqual([{}, 200]);
  };

  it('is let in at once with a right key, whatever it and others have sent', async () => {
    await exhaust('10.0.0.1');
    for (let n = 0; n < 20_000; n++)
      void send(WRONG, `10.1.${n >> 8}.${n & 255}`);
    for (const ip of ['10.0.0.1', '10.1.0.1', '10.2.0.1', '', 'unknown'])
      expect(send(key, ip)).toEqual(client);
  });

  it('is answered after 200 ms to ten wrong keys in a minute, then refused at once', async () => {
    await exhaust('10.0.0.1');
    expect(await wrong('10.0.0.1')).toEqual([{ retryAfter: 60 }, 0]);
    await clock.advance(60_000);
    await exhaust('10.0.0.1');
    expect(await wrong('10.0.0.2')).toEqual([{}, 200]);
  });

  it('waits with at most 49 others: further wrong keys are refused at once', async () => {
    const answers = Array.from({ length: 60 }, async (_, n) =>
      send(WRONG, `10.0.0.${n}`),
    );
    expect(clock.sleepers).toBe(50);
    expect(await Promise.all(answers.slice(50))).toEqual(
      Array.from({ length: 10 }, () => ({ retryAfter: 1 })),
    );
    await clock.advance(200);
    expect(await Promise.all(answers.slice(0, 50))).toEqual(
      Array.from({ length: 50 }, () => ({})),
    );
    expect(await wrong('10.0.0.60')).toEqual([{}, 200]);
  });

  it('leaves ten log lines, the last of which says that it is blocked', async () => {
    for (let n = 0; n < 20; n++) await wrong('10.0.0.1');
    const lines = warn.mock.calls.map(([line]) => line as unknown);
    expect(lines).toEqual(
      Array.from({ length: 10 }, (_, n) => {
        const fields = { address: '10.0.0.1', blocked: n === 9 };
        return new LogLine('wrong API key', fields);
      }),
    );
  });

  it('leaves a hundred lines a minute with all others together', async () => {
    for (let n = 0; n < 150; n++) await wrong(`10.0.0.${n}`);
    expect(warn).toHaveBeenCalledTimes(100);
    await clock.advance(60_000);
    await wrong('10.0.0.1');
    expect(warn).toHaveBeenCalledTimes(101);
  });

  it.each([
    ['2001:db8:1:2::9', (n: number) => `2001:db8:1:2:${n}::1`],
    ['10.0.0.1', () => '::ffff:10.0.0.1'],
    ['10.0.0.1', (n: number) => `10.0.0.1:${4000 + n}`],
    ['2001:db8:1:2::9', (n: number) => `[2001:db8:1:2::9]:${4000 + n}`],
    ['2001:db8:1:2::9', () => '[2001:db8:1:2::9]'],
  ])('%s is the same in every notation (%s)', async (ip, another) => {
    for (let n = 0; n < 10; n++)
      expect(await wrong(another(n))).toEqual([{}, 200]);
    expect(await wrong(ip)).toEqual([{ retryAfter: 60 }, 0]);
    expect(await wrong('2001:db8:1:3::9')).toEqual([{}, 200]);
  });

  it.each(['unknown', '_hidden', '10.0.0.256', '', 'a:1'])(
    '%j, which is no address, counts as the one of the socket',
    async (ip) => {
      const sender = { ip, socket: { remoteAddress: '10.0.0.1' } };
      void authenticator.authenticate(WRONG, sender);
      expect(warn).toHaveBeenCalledWith(
        new LogLine('wrong API key', { address: '10.0.0.1', blocked: false }),
      );
    },
  );

  it('cannot exhaust memory by changing all the time: the oldest counts give way', async () => {
    for (let n = 0; n < 10_100; n++) {
      await wrong(`10.0.${n >> 8}.${n & 255}`);
      // Within one minute.
      clock['time'] -= 200;
    }
    const counted = authenticator['wrongKeys']['windows'];
    expect(counted.size).toBe(10_000);
    expect([counted.has('10.0.0.0'), counted.has('10.0.39.115')]).toEqual([
      false,
      true,
    ]);
    // The latest are counted each by itself.
    await exhaust('10.9.0.1');
    expect(await wrong('10.9.0.2')).toEqual([{}, 200]);
  });

  describe('where a client of a platform sends an access token', () => {
    const sendToken = (token: string, ip: string) =>
      authenticator.authenticateInToken(token, { ip });
    const settled = async (answer: unknown) => {
      await clock.advance(200);
      return answer;
    };

    it('is let in with a right key, whatever was sent before', async () => {
      for (let n = 0; n < 200; n++)
        await settled(sendToken(`token-${n}`, '10.0.0.1'));
      expect(sendToken(key, '10.0.0.1')).toEqual(client);
    });

    it('may send one outdated token as often as it likes, which counts as no wrong key', async () => {
      for (let n = 0; n < 1000; n++)
        expect(await settled(sendToken('old', '10.0.0.1'))).toEqual({});
      expect(warn).not.toHaveBeenCalled();
      await exhaust('10.0.0.1');
    });

    it('is refused after a hundred different ones in a minute, with one log line', async () => {
      for (let n = 0; n < 100; n++) {
        void sendToken(`token-${n}`, '10.0.0.1');
        await clock.advance(200);
      }
      expect(await sendToken('token-100', '10.0.0.1')).toEqual({
        retryAfter: 60,
      });
      expect(await settled(sendToken('token-100', '10.0.0.2'))).toEqual({});
      expect(warn.mock.calls).toEqual([
        [new LogLine('wrong API key', { address: '10.0.0.1', blocked: true })],
      ]);
    });

    it('cannot exhaust memory: ten thousand tokens are remembered, for a minute', async () => {
      const { windows } = authenticator['remembered'] as unknown as {
        windows: Map<string, unknown>;
      };
      for (let n = 0; n < 10_100; n++)
        void sendToken(
          `token-${n}`,
          `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
        );
      expect(windows.size).toBe(10_000);
      await clock.advance(60_000);
      void sendToken('another', '10.0.0.1');
      expect(windows.size).toBe(1);
    });
  });
});
