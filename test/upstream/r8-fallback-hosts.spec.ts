import { once } from 'node:events';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
  type Fault,
} from '../../src/testing/index.js';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { ONCE, World } from '../support/world.js';

/** An address on which nothing listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error();
  return `http://127.0.0.1:${address.port}`;
}

const inMode = (mode: 'stable' | 'classic') => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
});

/** The platform's first host took the request, and then: */
const UNCERTAIN: [string, Fault][] = [
  ['a reset', { reset: true }],
  ['no answer', { hang: true }],
  ['an answer that is lost', { lostAnswer: true }],
];

describe('R8 fallback hosts', () => {
  it.each(['stable', 'classic'] as const)(
    'the next is asked where the connection fails (%s)',
    async (mode) => {
      await using world = await World.create();
      const { tokens } = await world.replica({
        ...inMode(mode),
        api: {
          baseUrl: await nobody(),
          fallbackUrls: [await nobody(), world.wechat.baseUrl],
        },
      });

      expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
      expect(world.wechat.calls.total).toBe(1);
    },
  );

  it('none answers: the error names the last, and it counts as one failure', async () => {
    await using world = await World.create();
    const [first, last] = [await nobody(), await nobody()];
    const { tokens } = await world.replica({
      api: { baseUrl: first, fallbackUrls: [last] },
    });

    await expect(tokens.getAccessToken(...ONCE)).rejects.toThrow(
      `no response from ${last}`,
    );
    expect((await world.row()).failureCount).toBe(1);
  });

  it.each(UNCERTAIN)(
    'stable: the next is asked within the timeout after %s, since a second call does no harm',
    async (_what, fault) => {
      await using first = await FakeWechat.start();
      await using world = await World.create();
      first.inject('stable', fault);
      const { tokens } = await world.replica({
        api: {
          baseUrl: first.baseUrl,
          fallbackUrls: [world.wechat.baseUrl],
          timeoutMs: 1500,
        },
      });

      expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
      expect(first.calls.total).toBe(1);
      expect(world.wechat.calls.total).toBe(1);
    },
  );

  it.each(UNCERTAIN)(
    'classic: the next is not asked after %s, since the platform may have acted',
    async (_what, fault) => {
      await using first = await FakeWechat.start();
      await using world = await World.create();
      first.inject('classic', fault);
      const { tokens } = await world.replica({
        ...inMode('classic'),
        api: {
          baseUrl: first.baseUrl,
          fallbackUrls: [world.wechat.baseUrl],
          timeoutMs: 500,
        },
      });

      await expect(tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
        isTokenUnavailableError,
      );
      expect(first.calls.total).toBe(1);
      expect(world.wechat.calls.total).toBe(0);
    },
  );

  it('a forced renewal is not asked for twice', async () => {
    await using first = await FakeWechat.start();
    await using world = await World.create();
    const { refresher, tokens } = await world.replica({
      api: { baseUrl: first.baseUrl, fallbackUrls: [world.wechat.baseUrl] },
    });
    await tokens.getAccessToken();
    first.inject('stable', { lostAnswer: true });

    await expect(
      refresher.refresh('access_token', { force: true }),
    ).rejects.toSatisfy(isTokenUnavailableError);

    expect(first.calls.stableForced).toBe(1);
    expect(world.wechat.calls.total).toBe(0);
  });

  it('stable: the next is asked in time also while the garbage collector is at work', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    await using first = await FakeWechat.start();
    await using world = await World.create();
    first.inject('stable', { hang: true });
    // Half of the time at most, however much there is to collect in this worker.
    let collecting: NodeJS.Timeout;
    const collect = () => {
      const startedAt = performance.now();
      collectGarbage();
      const pauseMs = Math.max(300, performance.now() - startedAt);
      collecting = setTimeout(collect, pauseMs);
    };
    collect();
    const { tokens } = await world.replica({
      api: {
        baseUrl: first.baseUrl,
        fallbackUrls: [world.wechat.baseUrl],
        timeoutMs: 6000,
      },
    });

    const token = await tokens
      .getAccessToken()
      .finally(() => clearTimeout(collecting));

    expect(world.wechat.accepts(token)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });
});
