import type { LogLine } from '../../src/wechat-token/index.js';
import type { FreshDatabase } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import {
  fireCron,
  nameOf,
  namesOf,
  open,
  renewedOf,
  shops,
  storeTokens,
  watchStatements,
} from '../support/many-accounts.js';
import { World } from '../support/world.js';

const DUE_SECONDS = 7000;

/** What stands or falls with the database's locks; all of R14 is in test/engine, on SQLite. */
describe.each(everyDatabase())('R14 many accounts on $title', (database) => {
  let fresh: FreshDatabase;
  let world: World;
  const accounts = shops(300);
  beforeEach(async () => {
    fresh = await database.create();
    world = await World.create({ databaseUrl: fresh.url });
    open(world, accounts);
    await storeTokens(world, accounts);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await fresh.drop();
  });

  it('4 replicas that tick at once share what is due: each token is issued once, and served by all', async () => {
    const notStored = new Set<unknown>();
    const nothing = () => undefined;
    const error = (line: LogLine & { name?: string }) => {
      if (line.msg.startsWith('token issued but not stored'))
        notStored.add(line.name);
    };
    const logger = { log: nothing, warn: nothing, error };
    // One process is all four and the platform: on a busy machine an answer takes longer than 5 s.
    const api = { timeoutMs: 20_000 };
    const refresh = { leaseSeconds: 60 };
    const fleet = await world.fleet(4, { accounts, logger, api, refresh });
    for (const { accountCheck } of fleet) await accountCheck.check();
    await world.advance(DUE_SECONDS);

    await Promise.all(fleet.map(({ rounds }) => rounds.tick()));
    // A server that stands still for longer than a statement may take stores some of them late.
    for (let ticks = 0; ticks < 3; ticks++) {
      const renewed = new Set(await renewedOf(world, accounts));
      const missing = accounts.filter(({ name }) => !renewed.has(name));
      if (missing.length === 0) break;
      expect([...notStored]).toEqual(
        expect.arrayContaining(missing.map(nameOf)),
      );
      for (const { rounds } of fleet) await rounds.tick();
    }

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    for (const { appId } of accounts)
      expect(world.wechat.callsFor(appId).total).toBe(1);
    await Promise.all(fleet.map(({ poller }) => poller.poll()));
    const current = accounts.map(({ appId }) =>
      world.wechat.currentToken(appId),
    );
    for (const replica of fleet) {
      const statements = watchStatements(replica);
      const served = await Promise.all(
        accounts.map(({ name }) => replica.tokens.getAccessToken(name)),
      );
      expect(served).toEqual(current);
      expect(statements.total()).toBe(0);
    }
    expect(world.wechat.calls.total).toBe(300);
  });

  it('one of two replicas that is closed in the middle leaves the rest to the other', async () => {
    const [first, second] = await world.pair({
      accounts,
      refresh: { concurrency: 2 },
    });
    for (const { accountCheck } of [first, second]) await accountCheck.check();
    await world.advance(DUE_SECONDS);
    world.wechat.inject('stable', { delayMs: 300 }, { times: 2 });
    await fireCron(first);
    await vi.waitFor(() => expect(world.wechat.calls.total).toBe(2));
    await first.close();
    expect(world.wechat.calls.total).toBeLessThanOrEqual(4);

    await second.rounds.tick();

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    for (const { appId } of accounts)
      expect(world.wechat.callsFor(appId).total).toBe(1);
  });

  it('300 that are due cost three claims, and fewer writes than tokens on a server', async () => {
    const replica = await world.replica({ accounts });
    await replica.accountCheck.check();
    await world.advance(DUE_SECONDS);
    const statements = watchStatements(replica);

    await replica.rounds.tick();
    await replica.close();

    expect(statements.claims()).toBe(3);
    // SQLite has written one before the next comes.
    const most = database.kind === 'sqlite' ? 300 : 150;
    expect(statements.count('storeRenewed')).toBeLessThanOrEqual(most);
    expect(statements.count('recordEvents')).toBeLessThanOrEqual(most);
    const [count] = await world.sql<{ n: unknown }>(
      "SELECT COUNT(*) AS n FROM token_event WHERE type = 'refreshed'",
    );
    expect(Number(count?.n)).toBe(300);
  });
});
