import type { DataSource } from 'typeorm';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { messages } from '../../src/wechat-token/common/messages.js';
import { World } from '../support/world.js';

const NAME = 'access_token';

/** On SQLite the app's transaction is on the one connection that the module has, too. */
async function transaction(dataSource: DataSource) {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(
    "INSERT INTO system_var (name, value, version, updated_at, failure_count) VALUES ('of the app', 'x', 0, CURRENT_TIMESTAMP, 0)",
  );
  const end = async () => {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  };
  return { end, [Symbol.asyncDispose]: end };
}

describe("the app's transaction on the same SQLite connection", () => {
  it('takes a renewal neither in nor back', async () => {
    await using world = await World.create();
    const { dataSource, rounds, tokens, variables } = await world.replica();
    const old = await tokens.getAccessToken();
    await world.advance(7000);
    world.wechat.inject('stable', { delayMs: 200 });
    const renewing = rounds.tick();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(2));

    {
      await using _open = await transaction(dataSource);
      await vi.waitFor(async () =>
        expect(await tokens.getAccessToken()).not.toBe(old),
      );
      expect((await world.row()).value).toBe(old);
    }
    await renewing;
    // Written in the next round, if it could not wait for the end.
    await rounds.tick();

    const renewed = await tokens.getAccessToken();
    expect(await world.row()).toMatchObject({
      value: renewed,
      leaseOwner: null,
    });
    expect(await variables.get('of the app')).toBeUndefined();
    expect(world.wechat.calls.total).toBe(2);
  });

  it('keeps a statement waiting that comes just before its end', async () => {
    await using world = await World.create();
    const { dataSource, variables } = await world.replica();
    const { end } = await transaction(dataSource);

    const saving = variables.save('colour', 'green');
    setTimeout(() => void end(), 50);
    await saving;

    expect(await variables.get('colour')).toBe('green');
    expect(await variables.get('of the app')).toBeUndefined();
  });

  it.each(['stable', 'classic'] as const)(
    'fails a token asked for inside it at once, and says what to do (%s)',
    async (mode) => {
      await using world = await World.create();
      const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, mode }];
      const { dataSource, tokens } = await world.replica({ accounts });
      const old = await tokens.getAccessToken();
      await world.advance(7200);
      const askedAt = performance.now();

      const inside = dataSource.transaction(async (manager) => {
        await manager.query("UPDATE system_var SET remark = 'mine'");
        return tokens.getAccessToken();
      });

      await expect(inside).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        message: expect.stringContaining(messages.transactionOpen()),
        cause: { driverCode: 'OPEN_TRANSACTION' },
      });
      expect(performance.now() - askedAt).toBeLessThan(1000);
      expect(world.wechat.calls.total).toBe(1);
      // Who asks outside of it is not told of it.
      expect(await tokens.getAccessToken()).not.toBe(old);
    },
  );

  it('fails a report of a rejected token too', async () => {
    await using world = await World.create();
    const { dataSource, tokens } = await world.replica();
    const old = await tokens.getAccessToken();
    const { end } = await transaction(dataSource);

    await expect(tokens.invalidate(old)).rejects.toMatchObject({
      cause: { driverCode: 'OPEN_TRANSACTION' },
    });
    await end();

    expect(world.wechat.calls.total).toBe(1);
  });
});

describe('R6 a database that hangs at the write', () => {
  it('keeps the answer from no caller for longer than its timeout', async () => {
    await using world = await World.create();
    const store = await world.store();
    world.wechat.inject('stable', { delayMs: 200 });
    const { dataSource, tokens, rounds } = await world.replica();
    const waiting = tokens.getAccessToken('default', { timeoutMs: 1200 });
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(1));
    {
      await using _open = await transaction(dataSource);

      const token = await waiting;

      expect(world.wechat.accepts(token)).toBe(true);
      expect(await tokens.getAccessToken()).toBe(token);
      expect((await store.read(NAME))?.value).toBeNull();
    }

    await rounds.tick();
    expect((await world.row()).value).toBe(await tokens.getAccessToken());
    expect(world.wechat.calls.total).toBe(1);
  });
});
