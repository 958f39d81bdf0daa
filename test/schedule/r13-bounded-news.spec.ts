import type { AccountSource } from '../../src/wechat-token/index.js';
import {
  type AccountNamed,
  nameOf,
  namesOf,
  open,
  renewedOf,
  shops,
  started,
  storeTokens,
  watchStatements,
} from '../support/many-accounts.js';
import { World } from '../support/world.js';

/** An AccountSource that counts its lookups, and keeps some of them waiting until the test ends. */
function slowTable(accounts: readonly AccountNamed[]) {
  const byName = new Map(accounts.map((each) => [each.name, each]));
  const asked: string[] = [];
  const hanging = new Set<string>();
  const waiting = { now: 0, most: 0 };
  const end: (() => void)[] = [];
  const source: AccountSource = {
    find: async (name) => {
      asked.push(name);
      waiting.most = Math.max(waiting.most, ++waiting.now);
      if (hanging.has(name))
        await new Promise<void>((resolve) => end.push(resolve));
      else await new Promise((resolve) => setImmediate(resolve));
      waiting.now--;
      return byName.get(name);
    },
    list: () => [...byName.values()],
  };
  const stop = () => end.forEach((resolve) => resolve());
  return { source, byName, asked, hanging, waiting, stop };
}

describe('R13 news', () => {
  it('is no confirmation: nobody reads a row or looks up an account for it', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const table = slowTable(accounts);
    open(world, accounts);
    const ours = await world.replica({ accounts });
    await ours.accountCheck.check();
    const other = await world.replica({ accounts: table.source });
    await other.accountCheck.check();
    await world.advance(300);
    await other.poller.poll();
    table.asked.length = 0;
    const statements = watchStatements(other);

    await ours.rounds.tick();
    await other.poller.poll();

    expect(world.wechat.calls.total).toBe(60);
    expect(statements.count('poll')).toBe(1);
    expect(statements.total()).toBe(1);
    expect(table.asked).toEqual([]);
  });

  it('of new tokens for the same credentials needs no lookup, and one statement for all values', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const table = slowTable(accounts);
    const ours = await started(world, accounts);
    const other = await world.replica({ accounts: table.source });
    await other.accountCheck.check();
    await world.advance(7000);
    await other.poller.poll();
    await ours.rounds.tick();
    table.asked.length = 0;
    const statements = watchStatements(other);

    await other.poller.poll();

    expect(statements.count('poll')).toBe(1);
    expect(statements.count('readAll')).toBe(1);
    expect(statements.total()).toBe(2);
    expect(table.asked).toEqual([]);
    for (const { name } of accounts)
      expect(await other.tokens.getAccessToken(name)).toBe(
        await ours.tokens.getAccessToken(name),
      );
  });

  it('of tokens that this replica does not keep is not read', async () => {
    await using world = await World.create();
    const others = shops(200, 'other');
    open(world, others);
    const replica = await world.replica();
    await replica.tokens.getAccessToken();
    await replica.journal.settled();
    const statements = watchStatements(replica);

    await storeTokens(world, others);
    await replica.poller.poll();

    expect(statements.count('poll')).toBe(1);
    expect(statements.total()).toBe(1);
  });

  it('of another appid is looked up a few accounts at a time, and one that hangs delays no other', async () => {
    await using world = await World.create();
    const accounts = shops(60);
    const table = slowTable(accounts);
    open(world, accounts);
    const other = await world.replica({ accounts: table.source });
    await other.accountCheck.check();
    const changed = accounts.map((account) => {
      return { ...account, appId: `${account.appId}_2` };
    });
    open(world, changed);
    for (const account of changed) table.byName.set(account.name, account);
    const ours = await world.replica({ accounts: changed });
    for (const { name } of changed)
      await ours.refresher.refresh(`access_token:${name}`, { force: true });
    table.hanging.add(String(accounts[3]?.name));
    table.asked.length = 0;
    table.waiting.most = 0;

    await other.poller.poll();

    const served = accounts.filter((_, index) => index !== 3);
    await vi.waitFor(() => expect(table.asked).toHaveLength(60));
    await vi.waitFor(() => expect(table.waiting.now).toBe(1));
    const statements = watchStatements(other);
    for (const { name } of served)
      expect(await other.tokens.getAccessToken(name)).toBe(
        await ours.tokens.getAccessToken(name),
      );
    expect(statements.total()).toBe(0);
    expect(table.waiting.most).toBeLessThanOrEqual(10);
    table.stop();
  });

  it('after a long absence is asked for by the tokens that this replica keeps', async () => {
    await using world = await World.create();
    const accounts = shops(5);
    const others = shops(300, 'other');
    const ours = await started(world, accounts);
    const [replica] = [await world.replica({ accounts })];
    await replica.accountCheck.check();
    open(world, others);
    await world.advance(7000);
    await ours.rounds.tick();
    await storeTokens(world, others);
    await world.advance(30);
    const statements = watchStatements(replica);

    await replica.poller.poll();

    expect(statements.count('versions')).toBe(1);
    expect(statements.count('readAll')).toBe(1);
    expect(statements.count('poll')).toBe(1);
    expect(statements.total()).toBe(3);
    for (const { name } of accounts)
      expect(await replica.tokens.getAccessToken(name)).toBe(
        await ours.tokens.getAccessToken(name),
      );
  });

  it('of more than twenty pages is not read to its end', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const token = await replica.tokens.getAccessToken();
    await world.sql(
      `INSERT INTO system_var (name, value, version, failure_count, updated_at, expires_at, refresh_at, next_at)
        WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 21999)
        SELECT 'access_token:other-' || n, 'x', 1, 0, at.now, '2099-01-01', '2099-01-01', '2099-01-01'
        FROM up, (SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now) at`,
    );
    const statements = watchStatements(replica);

    await replica.poller.poll();

    expect(statements.count('poll')).toBe(1);
    expect(statements.count('changedAfter')).toBe(19);
    expect(statements.count('versions')).toBe(1);
    expect(statements.total()).toBe(21);
    expect(await replica.tokens.getAccessToken()).toBe(token);
  });
});

describe('R14 an account whose lookup hangs', () => {
  it('delays no other that is due at the same time', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const table = slowTable(accounts);
    const { rounds } = await started(world, accounts, {
      accounts: table.source,
    });
    await world.advance(7000);
    const [first] = accounts;
    table.hanging.add(String(first?.name));

    const tick = rounds.tick();

    const others = accounts.slice(1);
    await vi.waitFor(
      async () =>
        expect(await renewedOf(world, accounts)).toEqual(namesOf(others)),
      { timeout: 4000, interval: 50 },
    );
    expect(first && (await world.row(nameOf(first))).leaseOwner).toBeNull();
    table.stop();
    await tick;
    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(world.wechat.calls.total).toBe(30);
  });
});
