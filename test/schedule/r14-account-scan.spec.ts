import {
  type AccountSource,
  isUnknownAccountError,
} from '../../src/wechat-token/index.js';
import { AccountScan } from '../../src/wechat-token/schedule/account-scan.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
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
import { type TestReplica, World } from '../support/world.js';

/** An AccountSource of the app's own, whose accounts a test changes. */
function tableOf(accounts: readonly AccountNamed[]) {
  const rows = new Map(accounts.map((each) => [each.name, each]));
  const source: AccountSource = {
    find: (name) => rows.get(name),
    list: async function* () {
      yield* rows.values();
    },
  };
  return { rows, source };
}

/** How many of these accounts' tokens are handed out without any statement. */
async function servedFromMemory(
  replica: TestReplica,
  accounts: readonly AccountNamed[],
): Promise<number> {
  const statements = watchStatements(replica);
  let served = 0;
  for (const { name } of accounts) {
    await replica.tokens.getAccessToken(name);
    if (statements.total() > 0) return served;
    served++;
  }
  return served;
}

describe('R14 accounts of a table of the app’s own', () => {
  it('one that is added while it runs has its token at the next scan, without any caller', async () => {
    await using world = await World.create();
    const accounts = shops(3);
    const { rows, source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    const [added] = shops(1, 'new');
    if (!added) throw new Error('no account');
    open(world, [added]);
    rows.set(added.name, added);

    await replica.accountCheck.check();

    expect(await renewedOf(world, [added])).toEqual([added.name]);
    expect(await servedFromMemory(replica, [added])).toBe(1);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('one that is removed is refused, and its row left alone and not renewed any more', async () => {
    await using world = await World.create();
    const accounts = shops(3);
    const { rows, source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    const removed = accounts[1];
    if (!removed) throw new Error('no account');
    const row = async () => {
      const { value, version } = await world.row(nameOf(removed));
      return { value, version };
    };
    rows.delete(removed.name);

    await replica.accountCheck.check();

    const refused = () => replica.tokens.getAccessToken(removed.name);
    await expect(refused()).rejects.toSatisfy(isUnknownAccountError);
    await world.advance(7000);
    const before = await row();
    await replica.rounds.tick();
    await replica.poller.poll();
    await replica.accountCheck.check();
    await expect(refused()).rejects.toSatisfy(isUnknownAccountError);
    expect(await row()).toEqual(before);
    expect(world.wechat.callsFor(removed.appId).total).toBe(0);
    const others = accounts.filter((account) => account !== removed);
    expect(await renewedOf(world, accounts)).toEqual(namesOf(others));
  });

  it('one that cannot be used for a while keeps the token that it has, and so do the others', async () => {
    await using world = await World.create();
    const accounts = shops(3);
    const { rows, source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    const [first] = accounts;
    if (!first) throw new Error('no account');
    rows.set(first.name, { ...first, appSecret: '' });

    await replica.accountCheck.check();

    expect(await servedFromMemory(replica, accounts)).toBe(3);
    expect(world.wechat.calls.total).toBe(0);
  });

  it('one whose AppSecret has changed is renewed by the scan, with the new one', async () => {
    await using world = await World.create();
    const accounts = shops(3);
    const { rows, source } = tableOf(accounts);
    const { accountCheck } = await started(world, accounts, {
      accounts: source,
    });
    const changed = accounts[1];
    if (!changed) throw new Error('no account');
    const appSecret = 'another-secret-of-that-account';
    world.wechat.changeSecret(changed.appId, appSecret);
    rows.set(changed.name, { ...changed, appSecret });

    await accountCheck.check();

    expect(await renewedOf(world, accounts)).toEqual([changed.name]);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('and so is one whose AppSecret has changed while no replica ran', async () => {
    await using world = await World.create();
    const accounts = shops(3);
    const { rows, source } = tableOf(accounts);
    const before = await started(world, accounts, { accounts: source });
    await before.close();
    const changed = accounts[1];
    if (!changed) throw new Error('no account');
    const appSecret = 'another-secret-of-that-account';
    world.wechat.changeSecret(changed.appId, appSecret);
    rows.set(changed.name, { ...changed, appSecret });

    const { accountCheck } = await world.replica({ accounts: source });
    await accountCheck.check();

    await vi.waitFor(async () =>
      expect(await renewedOf(world, accounts)).toEqual([changed.name]),
    );
    expect(world.wechat.calls.total).toBe(1);
  });

  it('one whose name is another account by now is not served the token of the old one', async () => {
    await using world = await World.create();
    const accounts = shops(2);
    const { rows, source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    const [first] = accounts;
    if (!first) throw new Error('no account');
    const other = { ...first, appId: 'wx_of_somebody_else' };
    open(world, [other]);
    rows.set(other.name, other);

    await replica.accountCheck.check();

    const token = await replica.tokens.getAccessToken(other.name);
    expect(token).toBe(world.wechat.currentToken(other.appId));
  });
});

describe('R14 a scan of 500 accounts', () => {
  it('costs one statement while their tokens are in memory, which looks for rows without a place in the queue', async () => {
    await using world = await World.create();
    const accounts = shops(500);
    const { source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    const statements = watchStatements(replica);

    await replica.module.get(AccountScan).run();
    expect(statements.total()).toBe(1);
    expect(statements.count('unplaced')).toBe(1);

    // What follows it asks what is due.
    await replica.accountCheck.check();
    expect(statements.total()).toBe(3);
    expect(statements.count('due')).toBe(1);
  });

  it('costs one more when they are not', async () => {
    await using world = await World.create();
    const accounts = shops(500);
    const { source } = tableOf(accounts);
    const replica = await started(world, accounts, { accounts: source });
    await world.advance(7200);
    const statements = watchStatements(replica);

    await replica.module.get(AccountScan).run();

    expect(statements.total()).toBe(2);
    expect(statements.count('unplaced')).toBe(1);
    expect(statements.count('readAll')).toBe(1);
  });

  it('and one more when rows are missing, which it makes', async () => {
    await using world = await World.create();
    const accounts = shops(500);
    const { rows, source } = tableOf([]);
    const replica = await world.replica({ accounts: source });
    await replica.accountCheck.check();
    open(world, accounts);
    for (const account of accounts) rows.set(account.name, account);
    const statements = watchStatements(replica);

    await replica.module.get(AccountScan).run();

    expect(statements.total()).toBe(3);
    expect(statements.count('readAll')).toBe(1);
    expect(statements.count('insertMissing')).toBe(1);
    const [count] = await world.sql<{ n: number }>(
      'SELECT COUNT(*) AS n FROM system_var WHERE value IS NULL',
    );
    expect(count?.n).toBe(500);
  });
});

describe('R12, R14 the start with 1000 good tokens', () => {
  afterEach(() => vi.restoreAllMocks());

  it('reads them in two statements, makes no call, and serves all of them from memory', async () => {
    await using world = await World.create();
    const accounts = shops(1000);
    open(world, accounts);
    await storeTokens(world, accounts);
    const rows = vi.spyOn(SqlRunner.prototype, 'rows');
    const change = vi.spyOn(SqlRunner.prototype, 'change');

    const replica = await world.replica({ accounts });
    // The first query for due tokens marks the end of the scan.
    await vi.waitFor(() => expect(rows).toHaveBeenCalledTimes(4));
    await replica.rounds.tick();

    const lists = rows.mock.calls
      .map(([{ values }]) => values[0])
      .filter((first) => typeof first === 'string' && first.startsWith('["'))
      .map((list) => (JSON.parse(String(list)) as unknown[]).length);
    expect(lists).toEqual([500, 500]);
    // The purges of old events and of old counts, and no row.
    expect(change).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
    expect(await servedFromMemory(replica, accounts)).toBe(1000);
    expect(world.wechat.calls.total).toBe(0);
  });
});
