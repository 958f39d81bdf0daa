import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import {
  isTokenUnavailableError,
  isWechatApiError,
} from '../../src/wechat-token/index.js';
import { ONCE, type TestReplica, World } from '../support/world.js';

/** The platform closes a connection that was kept open at the moment when the next request arrives on it. */
const CLOSED = { reset: true } as const;

describe('R8 a connection that is kept open and closed by the platform', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** A replica whose token has expired since its first call, whose connection is still open. */
  async function withExpiredToken(
    mode: 'stable' | 'classic',
    api: { readonly baseUrl?: string; readonly fallbackUrls?: string[] } = {},
  ): Promise<TestReplica> {
    const replica = await world.replica({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
      api,
    });
    await replica.tokens.getAccessToken();
    await world.advance(8000);
    return replica;
  }
  async function failures({ journal, events }: TestReplica) {
    await journal.settled();
    const page = await events.page('access_token', { limit: 100 });
    return page.filter(({ type }) => type === 'failed');
  }

  it('stable: the call is repeated at once, and no failure', async () => {
    const replica = await withExpiredToken('stable');
    world.wechat.inject('stable', CLOSED);

    const token = await replica.tokens.getAccessToken(...ONCE);

    expect(world.wechat.accepts(token)).toBe(true);
    expect(world.wechat.calls.total).toBe(3);
    expect(await failures(replica)).toEqual([]);
    expect((await world.row()).failureCount).toBe(0);
  });

  it('stable: the second in a row is a failure', async () => {
    const replica = await withExpiredToken('stable');
    world.wechat.inject('stable', CLOSED, { times: 2 });

    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.total).toBe(3);
    expect(await failures(replica)).toHaveLength(1);
    expect((await world.row()).failureCount).toBe(1);
  });

  it('stable: the same host is asked before a fallback host', async () => {
    await using first = await FakeWechat.start();
    const replica = await withExpiredToken('stable', {
      baseUrl: first.baseUrl,
      fallbackUrls: [world.wechat.baseUrl],
    });
    first.advance(8000);
    first.inject('stable', CLOSED);

    await replica.tokens.getAccessToken(...ONCE);
    expect(first.calls.total).toBe(3);
    expect(world.wechat.calls.total).toBe(0);

    await world.advance(8000);
    first.inject('stable', CLOSED, { times: 2 });
    await replica.tokens.getAccessToken(...ONCE);
    expect(first.calls.total).toBe(5);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('stable: a reset of a new connection is a failure at once', async () => {
    const replica = await world.replica();
    world.wechat.inject('stable', CLOSED);

    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.total).toBe(1);
    expect((await world.row()).failureCount).toBe(1);
  });

  it('stable: a call is not repeated once its answer has begun', async () => {
    const replica = await withExpiredToken('stable');
    world.wechat.inject('stable', { truncate: true });

    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.total).toBe(2);
    expect((await world.row()).failureCount).toBe(1);
  });

  it('stable: a call is not repeated if the connection is reset within its answer', async () => {
    let calls = 0;
    const server = createServer((_, response) => {
      calls++;
      if (calls === 1) {
        const token = { access_token: 'x'.repeat(136), expires_in: 7200 };
        response.end(JSON.stringify(token));
        return;
      }
      response.flushHeaders();
      // A reset that comes too soon discards what was sent.
      setTimeout(() => response.socket?.resetAndDestroy(), 100);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    const replica = await withExpiredToken('stable', { baseUrl });

    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(calls).toBe(2);
    server.close();
  });

  it('a forced renewal is not repeated', async () => {
    const { tokens, refresher } = await world.replica();
    await tokens.getAccessToken();
    world.wechat.inject('stable', CLOSED);

    await expect(
      refresher.refresh('access_token', { force: true }),
    ).rejects.toSatisfy(isTokenUnavailableError);

    expect(world.wechat.calls.total).toBe(2);
    expect((await world.row()).failureCount).toBe(1);
  });

  it('classic: the call is not repeated, since each ends the token before', async () => {
    const replica = await withExpiredToken('classic');
    world.wechat.inject('classic', CLOSED);

    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.total).toBe(2);
    expect(await failures(replica)).toHaveLength(1);
    expect((await world.row()).failureCount).toBe(1);
  });

  it('WechatApiClient repeats a GET on the same host, and no POST', async () => {
    await using other = await FakeWechat.start();
    const { api, tokens } = await world.replica({
      api: { fallbackUrls: [other.baseUrl] },
    });
    await tokens.getAccessToken();

    world.wechat.inject('business', CLOSED);
    await api.get('/cgi-bin/get_api_domain_ip');
    expect(world.wechat.calls.business).toBe(2);

    world.wechat.inject('business', CLOSED);
    await expect(api.post('/cgi-bin/menu/create', {})).rejects.toSatisfy(
      isWechatApiError,
    );
    expect(world.wechat.calls.business).toBe(3);
    expect(other.calls.total).toBe(0);
  });
});
