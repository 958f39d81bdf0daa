import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { ONCE, World } from '../support/world.js';

const DUE = { kind: 'due' } as const;
/** Seconds after the issue: past `refresh_at`, before the end of the life of 7200 s. */
const PAST_REFRESH_AT = 7000;
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Until so many renewals in a row have failed. */
const failures = (world: World, count: number) =>
  vi.waitFor(async () => expect((await world.row()).failureCount).toBe(count), {
    timeout: 20_000,
  });

/** Until two renewals in a row have failed, and the back-off after each is over. */
async function failTwice(world: World): Promise<void> {
  for (const count of [1, 2]) {
    await failures(world, count);
    await world.skip(count * 1.2);
  }
}

describe('R2 past refresh_at', () => {
  it('serves the current token at once, renews it behind, and then serves the new one', async () => {
    await using world = await World.create();
    const { tokens, renewer } = await world.replica();
    const old = await tokens.getAccessToken();
    await world.advance(PAST_REFRESH_AT);
    world.wechat.inject('stable', { delayMs: 200 });

    expect(await tokens.getAccessToken()).toBe(old);
    expect(await tokens.getAccessToken()).toBe(old);
    await renewer.renew('access_token', DUE);

    const renewed = await tokens.getAccessToken();
    expect(renewed).not.toBe(old);
    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('does not hammer a platform that is down: 1000 reads cost one call and a few statements', async () => {
    await using world = await World.create();
    const { tokens, renewer, module } = await world.replica();
    const old = await tokens.getAccessToken();
    await world.advance(PAST_REFRESH_AT);
    world.wechat.inject('stable', { status: 502 }, { times: Infinity });
    const session = module.get(SqlRunner);
    const statements = [vi.spyOn(session, 'rows'), vi.spyOn(session, 'change')];

    for (let read = 0; read < 1000; read++) {
      expect(await tokens.getAccessToken()).toBe(old);
      if (read === 500) await failure(renewer.renew('access_token', DUE));
    }

    expect(world.wechat.calls.stable).toBe(2);
    const count = statements.flatMap((spy) => spy.mock.calls).length;
    expect(count).toBeLessThanOrEqual(6);
  });

  it.each([
    // Without the database only stable mode may ask (R11): once, and the event of it is not recorded.
    { mode: 'stable', calls: 2, statements: 3 },
    { mode: 'classic', calls: 1, statements: 2 },
  ] as const)(
    'does not hammer a database that is away either ($mode)',
    async ({ mode, calls, statements }) => {
      await using world = await World.create();
      const { tokens, module } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
      });
      await tokens.getAccessToken();
      await world.advance(PAST_REFRESH_AT);
      await world.sql('ALTER TABLE system_var RENAME TO away');
      const session = module.get(SqlRunner);
      const spies = [vi.spyOn(session, 'rows'), vi.spyOn(session, 'change')];

      for (let read = 0; read < 1000; read++) {
        const token = await tokens.getAccessToken();
        expect(world.wechat.accepts(token)).toBe(true);
        // The renewal fails between two reads.
        if (read % 100 === 0)
          await new Promise((resolve) => setImmediate(resolve));
      }

      const count = spies.flatMap((spy) => spy.mock.calls).length;
      expect(count).toBeLessThanOrEqual(statements);
      expect(world.wechat.calls[mode]).toBe(calls);
      await world.sql('ALTER TABLE away RENAME TO system_var');
    },
  );
});

describe('R2 expired', () => {
  it('the caller waits for the new token', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const old = await tokens.getAccessToken();
    await world.advance(7200);

    const renewed = await tokens.getAccessToken();

    expect(renewed).not.toBe(old);
    expect(world.wechat.accepts(renewed)).toBe(true);
  });

  it('a token with less than 10 s to live counts as expired: a call that starts now must still arrive', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    await tokens.getAccessToken();
    world.wechat.inject('stable', { status: 502 }, { times: Infinity });
    await world.advance(7188);
    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);

    await world.advance(3);

    await expect(tokens.getAccessToken(...ONCE)).rejects.toSatisfy(
      isTokenUnavailableError,
    );
  });

  it('waits no longer than its timeout, and the error says when to retry', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { hang: true });
    const { tokens } = await world.replica();

    const error = await failure(
      tokens.getAccessToken('default', { timeoutMs: 150 }),
    );

    expect(error).toSatisfy(isTokenUnavailableError);
    expect(error).toHaveProperty('retryAfter', 1);
    // The renewal goes on for the others and fails; later callers get its failure.
    expect((await world.row()).leaseOwner).not.toBeNull();
    await world.wechat.goDown();
    await failures(world, 1);
    await world.wechat.comeBack();
    const later = await failure(tokens.getAccessToken(...ONCE));
    expect(later).toSatisfy(isTokenUnavailableError);
    expect(later).toHaveProperty('retryAfter', expect.any(Number));
    expect(world.wechat.calls.total).toBe(1);
  });

  it('ends the wait of a caller who gives up, not the renewal', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { delayMs: 300 });
    const { tokens } = await world.replica();
    const impatient = new AbortController();
    const { signal } = impatient;

    const abandoned = failure(tokens.getAccessToken('default', { signal }));
    const patient = tokens.getAccessToken();
    impatient.abort(new Error('had enough'));

    expect(await abandoned).toSatisfy(isTokenUnavailableError);
    expect(await abandoned).toHaveProperty('cause.message', 'had enough');
    expect(world.wechat.accepts(await patient)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('a caller who has given up already does not wait at all', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { delayMs: 200 });
    const { tokens } = await world.replica();
    const signal = AbortSignal.abort();

    const error = await failure(tokens.getAccessToken('default', { signal }));

    expect(error).toSatisfy(isTokenUnavailableError);
  });

  it('an unknown account is a clear error, at once', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();

    await expect(tokens.getAccessToken('nobody')).rejects.toMatchObject({
      code: 'UNKNOWN_ACCOUNT',
    });
  });
});

describe.each(['stable', 'classic'] as const)(
  'R2 a replica that is new, while the stored token is due and good (%s)',
  (mode) => {
    const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, mode }];

    it.each([
      ['fails', { status: 502 }],
      ['does not answer', { hang: true }],
    ] as const)(
      'serves it at once although the platform %s',
      async (_what, fault) => {
        await using world = await World.create();
        const first = await world.replica({ accounts });
        const token = await first.tokens.getAccessToken();
        await world.advance(PAST_REFRESH_AT);
        world.wechat.inject(mode, fault, { times: Infinity });
        const second = await world.replica({ accounts });

        // Less than the timeout of a call.
        const got = await second.tokens.getAccessToken('default', {
          timeoutMs: 4500,
        });

        expect(got).toBe(token);
        // It ends what hangs.
        await world.wechat.goDown();
      },
    );
  },
);

describe('R2 a caller who is willing to wait', () => {
  it.each(['stable', 'classic'] as const)(
    'gets no error for a failure that clears before its deadline (%s)',
    async (mode) => {
      await using world = await World.create();
      world.wechat.inject(mode, { status: 502 }, { times: 2 });
      const { api, tokens } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
      });

      const getting = tokens.getAccessToken();
      await failTwice(world);
      expect(world.wechat.accepts(await getting)).toBe(true);
      expect(world.wechat.calls[mode]).toBe(3);

      world.wechat.drop();
      world.wechat.inject(mode, { truncate: true }, { times: 2 });
      const calling = api.get('/cgi-bin/get_api_domain_ip');
      await failTwice(world);
      expect(await calling).toBeDefined();
      expect(world.wechat.calls[mode]).toBe(6);
    },
  );

  it('is refused at once over one that is not', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { errcode: 45011 });
    const { tokens } = await world.replica();
    const start = performance.now();

    expect(await failure(tokens.getAccessToken())).toHaveProperty(
      'retryAfter',
      60,
    );
    // Not after the ten seconds that a caller may wait.
    expect(performance.now() - start).toBeLessThan(9000);
  });

  it('is not answered by a read of the token that began before it expired', async () => {
    await using world = await World.create();
    const { tokens, store } = await world.replica({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
    });
    await tokens.getAccessToken();
    // Due, and good for 2 s more.
    await world.advance(7188);
    await (await world.store()).claim(await world.row(), 'another', 1000);
    let answer = () => {};
    const read = store.read.bind(store);
    const reads = vi
      .spyOn(store, 'read')
      .mockImplementationOnce(async (name) => {
        const row = await read(name);
        await new Promise<void>((resolve) => (answer = resolve));
        return row;
      });
    await tokens.getAccessToken();
    await vi.waitFor(() => expect(reads).toHaveBeenCalled());
    await world.advance(3);

    const waiting = tokens.getAccessToken();
    answer();

    expect(world.wechat.accepts(await waiting)).toBe(true);
  });
});

describe('R2 the log of a database that is away', () => {
  it('5000 reads past refresh_at leave a line or two', async () => {
    const lines: unknown[] = [];
    const see = (...line: unknown[]) => lines.push(line);
    await using world = await World.create();
    const { tokens } = await world.replica({
      logger: { log: see, warn: see, error: see },
    });
    const old = await tokens.getAccessToken();
    await world.advance(PAST_REFRESH_AT);
    await world.sql('ALTER TABLE system_var RENAME TO away');
    lines.length = 0;

    const got = await Promise.all(
      Array.from({ length: 5000 }, () => tokens.getAccessToken()),
    );

    expect(new Set(got)).toEqual(new Set([old]));
    await vi.waitFor(() => expect(lines).not.toHaveLength(0));
    expect(lines.length).toBeLessThanOrEqual(2);
    await world.sql('ALTER TABLE away RENAME TO system_var');
  });
});

describe('R2 a timeout without end', () => {
  it('waits', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { delayMs: 200 });
    const { tokens } = await world.replica();

    const token = await tokens.getAccessToken('default', {
      timeoutMs: Infinity,
    });

    expect(world.wechat.accepts(token)).toBe(true);
  });
});
