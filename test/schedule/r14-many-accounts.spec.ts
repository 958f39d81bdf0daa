import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { type AccountSource, LogLine } from '../../src/wechat-token/index.js';
import {
  makeRowsOf,
  nameOf,
  namesOf,
  renewedOf,
  shops,
  started,
  watchStatements,
} from '../support/many-accounts.js';
import { World } from '../support/world.js';

/** Past the time at which every stored token is due, and before its end. */
const DUE_SECONDS = 7000;

describe('R14 300 accounts that are due at once', () => {
  it('cost one issue each, three claims and four pages', async () => {
    await using world = await World.create();
    const accounts = shops(300);
    const replica = await started(world, accounts);
    await world.advance(DUE_SECONDS);
    const statements = watchStatements(replica);

    await replica.rounds.tick();

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    for (const { appId } of accounts)
      expect(world.wechat.callsFor(appId).total).toBe(1);
    expect(statements.claims()).toBe(3);
    // The last page is empty: the third was full, and so not known to be the last.
    expect(statements.count('due')).toBe(4);
    expect(statements.count('unconfirmed')).toBe(1);
    // Nothing is read again, and nothing claimed or given back alone.
    for (const alone of ['read', 'claim', 'release', 'storeFailure'] as const)
      expect(statements.count(alone)).toBe(0);
  });

  it('cost nothing more at the next tick', async () => {
    await using world = await World.create();
    const accounts = shops(300);
    const replica = await started(world, accounts);
    await world.advance(DUE_SECONDS);
    await replica.rounds.tick();
    const statements = watchStatements(replica);

    await replica.rounds.tick();

    expect(statements.count('due')).toBe(1);
    expect(statements.count('unconfirmed')).toBe(1);
    expect(statements.total()).toBe(2);
    expect(world.wechat.calls.total).toBe(300);
  });

  it('and as many that want a confirmation, cost one call each', async () => {
    await using world = await World.create();
    const accounts = shops(250);
    const replica = await started(world, accounts);
    await world.advance(300);
    const statements = watchStatements(replica);
    const startedAt = performance.now();

    await replica.rounds.tick();

    for (const { appId } of accounts)
      expect(world.wechat.callsFor(appId).total).toBe(1);
    // What became due comes first, once a second.
    const seconds = (performance.now() - startedAt) / 1000;
    expect(statements.count('due')).toBeLessThanOrEqual(1 + seconds);
    expect(statements.count('due')).toBeGreaterThanOrEqual(1);
    // As many at a time as are called at a time.
    expect(statements.count('unconfirmed')).toBe(26);
    expect(statements.claims()).toBe(25);
  });

  it('use five connections to the platform, where five are called at a time', async () => {
    await using world = await World.create();
    const accounts = shops(100);
    const port = Number(new URL(world.wechat.baseUrl).port);
    const connections = new Set<Socket>();
    const count = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      if (socket.localPort === port) connections.add(socket);
    };
    const refresh = { concurrency: 5 };
    const { rounds } = await started(world, accounts, { refresh });
    await world.advance(DUE_SECONDS);
    subscribe('net.server.socket', count);

    await rounds.tick();

    unsubscribe('net.server.socket', count);
    expect(world.wechat.calls.total).toBe(100);
    expect(connections.size).toBeGreaterThan(0);
    expect(connections.size).toBeLessThanOrEqual(5);
  });
});

describe('R14 what delays no other token', () => {
  it('300 due rows of accounts that this replica does not know, and that are older', async () => {
    await using world = await World.create();
    const unknown = shops(300, 'unknown');
    await makeRowsOf(world, unknown);
    await world.advance(60);
    const accounts = shops(20);
    const replica = await started(world, accounts);
    await world.advance(DUE_SECONDS);
    const untouched = () =>
      world.sql(
        "SELECT name, value, version FROM system_var WHERE name LIKE '%unknown%'",
      );
    const before = await untouched();
    const statements = watchStatements(replica);

    await replica.rounds.tick();

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(world.wechat.calls.total).toBe(20);
    expect(await untouched()).toEqual(before);
    expect(before).toHaveLength(300);
    expect(statements.count('due')).toBe(4);
    expect(statements.claims()).toBe(1);
  });

  it('an AccountSource that fails for one account', async () => {
    await using world = await World.create();
    const accounts = shops(50);
    const broken = accounts[7];
    let fails = false;
    const source: AccountSource = {
      find: (name) => {
        if (fails && name === broken?.name) throw new Error('no such table');
        return accounts.find((account) => account.name === name);
      },
      list: () => accounts,
    };
    const { rounds } = await started(world, accounts, { accounts: source });
    await world.advance(DUE_SECONDS);
    fails = true;

    await rounds.tick();

    const others = accounts.filter((account) => account !== broken);
    expect(await renewedOf(world, accounts)).toEqual(namesOf(others));
    expect(world.wechat.calls.total).toBe(49);
    expect(broken && (await world.row(nameOf(broken))).leaseOwner).toBeNull();
    fails = false;
    await rounds.tick();
    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(world.wechat.calls.total).toBe(50);
  });

  it('an account that the platform refuses', async () => {
    await using world = await World.create();
    const accounts = shops(50);
    const { rounds } = await started(world, accounts);
    const refused = accounts[0];
    await world.advance(DUE_SECONDS);
    const appId = refused?.appId ?? '';
    world.wechat.inject('stable', { status: 500 }, { appId, times: Infinity });

    await rounds.tick();

    expect(await renewedOf(world, accounts)).toEqual(
      namesOf(accounts.slice(1)),
    );
    expect(world.wechat.calls.total).toBe(50);
    expect(refused && (await world.row(nameOf(refused)))).toMatchObject({
      failureCount: 1,
      leaseOwner: null,
    });
  });
});

describe('R14 a round that takes long', () => {
  it('is logged each ten seconds, and at its end', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const told: { done: number; seconds: number }[] = [];
    const see = (line: unknown) => {
      if (!(line instanceof LogLine)) return;
      const { msg, ...fields } = line;
      if (msg === 'renewal progress')
        told.push(fields as (typeof told)[number]);
    };
    const nothing = () => undefined;
    const { rounds } = await started(world, accounts, {
      logger: { log: see, warn: nothing, error: nothing },
      refresh: { concurrency: 1 },
    });
    await world.advance(DUE_SECONDS);
    const moves: Promise<void>[] = [];
    const stop = world.wechat.onIssue(() => {
      if ([10, 20].includes(world.wechat.issued()))
        moves.push(world.advance(11));
    });

    await rounds.tick();

    stop();
    await Promise.all(moves);
    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ done: 30 });
    // A busy machine adds a few seconds of its own.
    const elevens = told.map(({ seconds }) => Math.floor(seconds / 11));
    expect(elevens).toEqual([1, 2, 2]);
    const done = told.map((fields) => fields.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it('and says nothing when it is short', async () => {
    await using world = await World.create();
    const accounts = shops(10);
    const log = vi.fn();
    const nothing = () => undefined;
    const { rounds } = await started(world, accounts, {
      logger: { log, warn: nothing, error: nothing },
    });
    await world.advance(DUE_SECONDS);

    await rounds.tick();

    const told = log.mock.calls.map(([line]) => String(line)).join('\n');
    expect(told).toContain('token refreshed');
    expect(told).not.toContain('renewal progress');
  });
});

describe('R14 old events', () => {
  it('are deleted a thousand a round, so that no round takes long', async () => {
    await using world = await World.create();
    const { rounds } = await world.replica();
    await rounds.tick();
    await world.sql(
      `INSERT INTO token_event (name, at, type)
        WITH RECURSIVE up AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 2500)
        SELECT 'access_token', '2020-01-01 00:00:00.000', 'refreshed' FROM up`,
    );
    await world.advance(3600);
    const left = [];
    for (let round = 0; round < 4; round++) {
      await rounds.tick();
      const [row] = await world.sql<{ n: number }>(
        "SELECT COUNT(*) AS n FROM token_event WHERE at < '2021-01-01'",
      );
      left.push(row?.n);
    }
    expect(left).toEqual([1500, 500, 0, 0]);
  });
});
