import type { DataSource } from 'typeorm';
import { World } from '../support/world.js';

const NAME = 'access_token';

/** On SQLite the app's transaction is on the one connection that the module has, too. */
async function transaction(dataSource: DataSource) {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(
    "INSERT INTO system_var (name, value, version, updated_at, failure_count) VALUES ('of the app', 'x', 0, CURRENT_TIMESTAMP, 0)",
  );
  return {
    async [Symbol.asyncDispose]() {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    },
  };
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

    const renewed = await tokens.getAccessToken();
    expect(await world.row()).toMatchObject({
      value: renewed,
      leaseOwner: null,
    });
    expect(await variables.get('of the app')).toBeUndefined();
    expect(world.wechat.calls.total).toBe(2);
  });

  it('keeps a refresh waiting until it has ended, and no longer', async () => {
    await using world = await World.create();
    const { dataSource, refresher, tokens, api } = await world.replica();
    await tokens.getAccessToken();
    let renewing: Promise<unknown>;
    {
      await using _open = await transaction(dataSource);
      renewing = refresher.refresh(NAME, { force: true });
      // Needs no database, and takes long enough for a refresh that does not wait.
      await api.get('/cgi-bin/get_api_domain_ip');
      expect(world.wechat.calls).toMatchObject({ business: 1, stable: 1 });
    }

    await renewing;

    expect((await world.row()).value).toBe(await tokens.getAccessToken());
    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
  });
});

describe('R6 a database that hangs at the write', () => {
  it('keeps the answer from no caller for longer than its timeout', async () => {
    await using world = await World.create();
    const store = await world.store();
    world.wechat.inject('stable', { delayMs: 200 });
    const { dataSource, tokens } = await world.replica();
    const waiting = tokens.getAccessToken('default', { timeoutMs: 1200 });
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(1));
    {
      await using _open = await transaction(dataSource);

      const token = await waiting;

      expect(world.wechat.accepts(token)).toBe(true);
      expect(await tokens.getAccessToken()).toBe(token);
      expect((await store.read(NAME))?.value).toBeNull();
    }

    await vi.waitFor(async () =>
      expect((await world.row()).value).toBe(await tokens.getAccessToken()),
    );
    expect(world.wechat.calls.total).toBe(1);
  });
});
