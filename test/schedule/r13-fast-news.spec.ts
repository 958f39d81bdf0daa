import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { AccountSource } from '../../src/wechat-token/index.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { World } from '../support/world.js';

describe('R13 fast news', () => {
  it('a token that one replica renewed is served by the other after a poll and a read of its value', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    const old = await ours.tokens.getAccessToken();
    expect(await other.tokens.getAccessToken()).toBe(old);
    await ours.refresher.refresh('access_token', { force: true });
    const renewed = await ours.tokens.getAccessToken();
    const session = other.module.get(SqlRunner);
    const rows = vi.spyOn(session, 'rows');
    const change = vi.spyOn(session, 'change');

    await other.poller.poll();

    expect(await other.tokens.getAccessToken()).toBe(renewed);
    expect(rows).toHaveBeenCalledTimes(2);
    expect(change).not.toHaveBeenCalled();
  });

  it('a write that becomes visible a while after its instant is not missed', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await other.poller.poll();
    await ours.refresher.refresh('access_token', { force: true });
    // As if it had been written 5 s ago, in a transaction that took so long.
    await world.sql(
      "UPDATE system_var SET updated_at = strftime('%Y-%m-%d %H:%M:%f', updated_at, '-5 seconds')",
    );

    // They are looked for every five seconds.
    await world.advance(5);
    await other.poller.poll();

    expect(await other.tokens.getAccessToken()).toBe((await world.row()).value);
  });

  it('news of an account that could not be looked up comes when it can, however late', async () => {
    await using world = await World.create();
    let isAway = false;
    const find = () => {
      if (isAway) throw new Error('no connection');
      return DEFAULT_FAKE_ACCOUNT;
    };
    const ours = await world.replica();
    const other = await world.replica({
      accounts: { find, list: () => [DEFAULT_FAKE_ACCOUNT] },
    });
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await ours.refresher.refresh('access_token', { force: true });
    isAway = true;
    await other.poller.poll();
    await world.advance(60);
    isAway = false;

    await other.poller.poll();

    expect(await other.tokens.getAccessToken()).toBe((await world.row()).value);
  });

  it('a pull that failed is made up for by the next', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await ours.refresher.refresh('access_token', { force: true });
    await world.sql('ALTER TABLE system_var RENAME TO away');
    await other.poller.poll();
    await world.sql('ALTER TABLE away RENAME TO system_var');
    await world.advance(60);

    await other.poller.poll();

    expect(await other.tokens.getAccessToken()).toBe((await world.row()).value);
  });

  it('rows of others, plain variables and unknown accounts, are no concern of it', async () => {
    await using world = await World.create();
    const { tokens, poller, variables } = await world.replica();
    const token = await tokens.getAccessToken();
    await variables.save('colour', 'green');
    const store = await world.store();
    await store.insertMissing([
      { name: 'access_token:of-another-app', remark: '' },
      { name: 'something_else', remark: '' },
    ]);

    await poller.poll();

    expect(await tokens.getAccessToken()).toBe(token);
  });
});

describe('R13 after a forced refresh', () => {
  afterEach(() => vi.useRealTimers());

  it('every one of 8 replicas serves the new token within a second, for a poll each and a read of the value', async () => {
    await using world = await World.create();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const fleet = await world.fleet(8, { refresh: { syncIntervalMs: 1000 } });
    const first = fleet[0];
    for (const { tokens } of fleet) await tokens.getAccessToken();
    await first?.refresher.refresh('access_token', { force: true });
    await first?.journal.settled();
    const renewed = await first?.tokens.getAccessToken();
    const statements = fleet.flatMap(({ module }) => {
      const session = module.get(SqlRunner);
      return [vi.spyOn(session, 'rows'), vi.spyOn(session, 'change')];
    });

    await vi.advanceTimersByTimeAsync(1000);

    for (const { tokens } of fleet)
      expect(await tokens.getAccessToken()).toBe(renewed);
    expect(statements.flatMap((spy) => spy.mock.calls)).toHaveLength(8 + 7);
  });
});

describe('R13 accounts that cannot be looked up', () => {
  it('keep no news from the others', async () => {
    await using world = await World.create();
    const accounts = ['a', 'm', 'z'].map((name) => ({
      name,
      appId: `wx_${name}`,
      appSecret: `secret-of-account-${name}`,
    }));
    for (const account of accounts) world.wechat.addAccount(account);
    let broken = false;
    const source: AccountSource = {
      find: (name) => {
        if (broken && name !== 'm') throw new Error('no such table: tenants');
        return accounts.find((account) => account.name === name);
      },
      list: () => accounts,
    };
    const ours = await world.replica({ accounts });
    const other = await world.replica({ accounts: source });
    const old = await other.tokens.getAccessToken('m');
    // One before and one behind, in whatever order the rows come.
    for (const { name } of accounts)
      await ours.refresher.refresh(`access_token:${name}`, { force: true });
    broken = true;

    await other.poller.poll();

    const news = await other.tokens.getAccessToken('m');
    expect(news).not.toBe(old);
    expect(news).toBe(await ours.tokens.getAccessToken('m'));
  });
});

describe('R13 a table that was restored from a backup', () => {
  it('is followed, though its versions are lower, and renewed from there', async () => {
    await using world = await World.create();
    const { tokens, refresher, poller } = await world.replica();
    const older = await tokens.getAccessToken();
    const backup = await world.row();
    await refresher.refresh('access_token', { force: true });
    const restore = () =>
      world.sql('UPDATE system_var SET value = ?, version = ?', [
        older,
        backup.version - 100,
      ]);

    await restore();
    await poller.poll();
    expect(await tokens.getAccessToken()).toBe(older);

    await world.advance(7200);
    const { total } = world.wechat.calls;
    const renewed = await tokens.getAccessToken();
    expect(world.wechat.accepts(renewed)).toBe(true);
    for (let read = 0; read < 100; read++)
      expect(await tokens.getAccessToken()).toBe(renewed);
    expect(world.wechat.calls.total).toBe(total + 1);
  });

  it('is followed by a replica that has seen no news of it until its token ended', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    await tokens.getAccessToken();
    await world.advance(7200);
    await world.sql('UPDATE system_var SET version = 1');

    const renewed = await tokens.getAccessToken();

    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(await tokens.getAccessToken()).toBe(renewed);
    expect(world.wechat.calls.total).toBe(2);
  });
});
