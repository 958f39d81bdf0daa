import { setImmediate } from 'node:timers/promises';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { toAccount } from '../../src/wechat-token/accounts/account.js';
import {
  isTokenUnavailableError,
  type TokenUnavailableError,
} from '../../src/wechat-token/index.js';
import { Clock } from '../../src/wechat-token/common/clock.js';
import { Leases } from '../../src/wechat-token/renewal/leases.js';
import { RenewalTargets } from '../../src/wechat-token/renewal/policy/renewal-target.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type { Lease } from '../../src/wechat-token/store/token-row.js';
import {
  type AccountNamed,
  makeRowsOf,
  nameOf,
  open,
  shops,
  watchStatements,
} from '../support/many-accounts.js';
import { renewed } from '../support/open-store.js';
import { statementNames } from '../support/statement-names.js';
import { ONCE, type TestReplica, World } from '../support/world.js';

const NAME = 'access_token';
/** A caller may not get a token without the lease. */
const CLASSIC = {
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
} as const;
const PATIENT = { timeoutMs: 100_000 };
const SHOP: AccountNamed = {
  name: 'shop',
  appId: 'wx_shop',
  appSecret: 'secret-of-shop',
  mode: 'classic',
};

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Another replica takes the lease of the default account. */
async function claimByAnother(
  world: World,
  durationMs = 30_000,
): Promise<Lease> {
  const store = await world.store();
  await store.insertMissing([{ name: NAME, remark: '' }]);
  const lease = await store.claim(await world.row(), 'another', durationMs);
  if (!lease) throw new Error('not claimed');
  return lease;
}

/** Another replica stores the token that it has renewed. */
async function storeByAnother(world: World, lease: Lease, value: string) {
  const { credentialId } = toAccount(DEFAULT_FAKE_ACCOUNT);
  const token = { ...renewed(value), credentialId };
  expect(await (await world.store()).storeRenewed(lease, token)).toBe(true);
}

/** A replica whose start is over: what it does from now on is for its callers. */
async function quiet(replica: TestReplica): Promise<TestReplica> {
  await replica.accountCheck.check();
  return replica;
}

/** A replica that knows these accounts only when it is asked for them: its start renews nothing. */
const withoutStart = (world: World, accounts: readonly AccountNamed[]) =>
  world.replica({
    accounts: {
      find: (name) => accounts.find((account) => account.name === name),
      list: () => [],
    },
  });

/** Lets so many seconds pass, one by one, each with the look at the rows that comes with it. */
async function watchFor(world: World, seconds: number, { store }: TestReplica) {
  const looks = vi.spyOn(store, 'readAll');
  for (let second = 1; second <= seconds; second++) {
    await world.skip(1);
    await vi.waitFor(() =>
      expect(looks.mock.calls.length).toBeGreaterThanOrEqual(second),
    );
    await looks.mock.results.at(-1)?.value.catch(() => undefined);
    // It goes on to the next second.
    await setImmediate();
  }
  looks.mockRestore();
}

/** The statements of a replica from now on, and how many of them are looks at the rows: at most one a second. */
function watch(replica: TestReplica) {
  const clock = replica.module.get(Clock);
  const statements = watchStatements(replica);
  const start = clock.now();
  return {
    ...statements,
    looks: () => {
      const looks = statements.count('readAll');
      expect(looks).toBeLessThanOrEqual((clock.now() - start) / 1000);
      return looks;
    },
    others: () => statements.total() - statements.count('readAll'),
  };
}

/** Callers of all these accounts, who can leave. */
function callAll({ tokens }: TestReplica, accounts: readonly AccountNamed[]) {
  const callers = accounts.map(({ name }) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const got = tokens.getAccessToken(name, { ...PATIENT, signal });
    return { leaving, got };
  });
  const all = Promise.all(callers.map(({ got }) => got));
  return {
    all,
    leave: async () => {
      for (const { leaving } of callers) leaving.abort();
      await failure(all);
    },
  };
}

describe('R2 callers of many names who wait', () => {
  const accounts = shops(1000).map((shop) => {
    return { ...shop, mode: 'classic' as const };
  });
  const some = accounts.slice(0, 50);

  it('for another replica: one statement a second for all, none after they have left, and no warning', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => void warnings.push(warning);
    process.on('warning', warn);
    await using world = await World.create();
    await makeRowsOf(world, accounts);
    const queue = await world.queue();
    const names = accounts.map(nameOf);
    const hour = 3_600_000;
    for (let at = 0; at < names.length; at += 100)
      await queue.claim(names.slice(at, at + 100), 'another', hour);
    const replica = await quiet(await world.replica({ accounts }));
    const statements = watch(replica);

    const callers = callAll(replica, accounts);
    await vi.waitFor(() => expect(statements.count('read')).toBe(1000));
    await watchFor(world, 5, replica);

    expect(statements.looks()).toBeGreaterThanOrEqual(5);
    expect(statements.others()).toBe(1000);
    await callers.leave();
    const before = statements.total();
    for (let second = 0; second < 5; second++) {
      await world.skip(1);
      await setImmediate();
    }
    expect(statements.total()).toBe(before);
    expect(world.wechat.calls.total).toBe(0);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  it('for the database: one statement a second for all, and all get their tokens when it is back', async () => {
    await using world = await World.create();
    open(world, some);
    const replica = await quiet(await withoutStart(world, some));
    const statements = watch(replica);
    await replica.dataSource.destroy();

    const callers = callAll(replica, some);
    await vi.waitFor(() => expect(statements.count('read')).toBe(some.length));
    await watchFor(world, 5, replica);

    expect(statements.looks()).toBeGreaterThanOrEqual(5);
    expect(statements.others()).toBe(some.length);
    await replica.dataSource.initialize();
    await world.skip(1);
    expect(new Set(await callers.all).size).toBe(some.length);
    expect(world.wechat.calls.total).toBe(some.length);
  });

  it('for the end of a cool-down: one statement a second for all', async () => {
    await using world = await World.create();
    open(world, some);
    world.wechat.inject('classic', { errcode: 45011 }, { times: some.length });
    const replica = await quiet(await withoutStart(world, some));
    const statements = watch(replica);

    const callers = callAll(replica, some);
    await vi.waitFor(() =>
      expect(statements.count('storeFailure')).toBe(some.length),
    );
    await replica.journal.settled();
    const before = statements.others();
    await watchFor(world, 5, replica);

    expect(statements.looks()).toBeGreaterThanOrEqual(5);
    expect(statements.others()).toBe(before);
    expect(world.wechat.calls.total).toBe(some.length);
    await world.advance(60);
    await world.skip(1);
    expect(new Set(await callers.all).size).toBe(some.length);
    expect(world.wechat.calls.total).toBe(2 * some.length);
  });
});

/** A caller who has found the row leased by another replica. */
async function follow(world: World) {
  const lease = await claimByAnother(world);
  const replica = await quiet(await world.replica(CLASSIC));
  const statements = watch(replica);
  const waiting = replica.tokens.getAccessToken('default', PATIENT);
  await vi.waitFor(() => expect(statements.count('read')).toBe(1));
  return { lease, replica, statements, waiting };
}

describe('R2 a caller who waits for another replica', () => {
  it('has the token at the next look at the row, at most a second after it was stored', async () => {
    await using world = await World.create();
    const { lease, replica, statements, waiting } = await follow(world);
    await watchFor(world, 2, replica);

    await storeByAnother(world, lease, 'theirs');
    await world.skip(1);

    expect(await waiting).toBe('theirs');
    expect(statements.looks()).toBeGreaterThanOrEqual(3);
    expect(statements.others()).toBe(1);
  });

  it('has it at once when the change poll brings it', async () => {
    await using world = await World.create();
    const { lease, replica, statements, waiting } = await follow(world);

    await storeByAnother(world, lease, 'theirs');
    await replica.poller.poll();

    expect(await waiting).toBe('theirs');
    // The poll, and its read of the value; perhaps a look at the row, should a second have passed.
    expect(statements.count('poll')).toBe(1);
    expect(statements.count('readAll')).toBeLessThanOrEqual(2);
    expect(statements.others()).toBe(2);
  });

  it('has it at once, and so has one who has reported the token before', async () => {
    await using world = await World.create();
    const replica = await quiet(await world.replica(CLASSIC));
    const old = await replica.tokens.getAccessToken();
    await world.advance(7200);
    const lease = await claimByAnother(world);
    const statements = watch(replica);
    const waiting = [
      replica.tokens.getAccessToken('default', PATIENT),
      replica.tokens.invalidate(old, 'default', PATIENT),
    ];
    await vi.waitFor(() => expect(statements.count('read')).toBe(2));

    await storeByAnother(world, lease, 'theirs');
    await replica.poller.poll();

    expect(await Promise.all(waiting)).toEqual(['theirs', 'theirs']);
  });

  it('renews the token itself after the lease of a dead one has lapsed', async () => {
    await using world = await World.create();
    await claimByAnother(world);
    const replica = await quiet(await world.replica(CLASSIC));
    const statements = watch(replica);
    const waiting = replica.tokens.getAccessToken('default', PATIENT);
    await vi.waitFor(() => expect(statements.count('read')).toBe(1));
    await watchFor(world, 3, replica);
    expect(world.wechat.calls.total).toBe(0);

    await world.skip(30);

    expect(world.wechat.accepts(await waiting)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
    expect(statements.looks()).toBeGreaterThanOrEqual(4);
    expect(statements.count('read')).toBe(2);
  });

  it('uses the lease that its own replica has taken meanwhile and has no time to use', async () => {
    await using world = await World.create();
    const { lease, replica, waiting } = await follow(world);

    const row = { ...(await world.row()), leaseInMs: -1 };
    const target = await replica.module.get(RenewalTargets).get(NAME);
    replica.module.get(Leases).hold([{ row, lease, target }]);
    await world.skip(1);

    const token = await waiting;
    expect(token).toBe((await world.row()).value);
    expect(world.wechat.accepts(token)).toBe(true);
  });

  it('gets another token than the one it has reported', async () => {
    await using world = await World.create();
    const replica = await quiet(await world.replica(CLASSIC));
    const old = await replica.tokens.getAccessToken();
    const lease = await claimByAnother(world);
    const statements = watch(replica);
    const reporting = replica.tokens.invalidate(old, 'default', PATIENT);
    await vi.waitFor(() => expect(statements.count('read')).toBe(1));
    await watchFor(world, 2, replica);

    await storeByAnother(world, lease, 'theirs');
    await world.skip(1);

    expect(await reporting).toBe('theirs');
    expect(statements.looks()).toBeGreaterThanOrEqual(3);
    expect(statements.count('read')).toBe(1);
  });
});

describe('R2 callers of one name while its renewal fails', () => {
  it('the one whose deadline comes first gets the failure, the other one the token', async () => {
    await using world = await World.create();
    open(world, [SHOP]);
    world.wechat.inject('classic', { status: 502 });
    const replica = await quiet(await withoutStart(world, [SHOP]));
    const { tokens } = replica;
    const patient = tokens.getAccessToken(SHOP.name, PATIENT);
    const impatient = failure(tokens.getAccessToken(SHOP.name, ONCE[1]));

    const error = await impatient;

    expect(error).toSatisfy(isTokenUnavailableError);
    expect(error).toMatchObject({
      message: expect.stringContaining('502'),
      retryAfter: 1,
    });
    await world.hasten(patient);
    expect(world.wechat.accepts(await patient)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('one who comes later, and cannot wait as long, is told at once, without a statement', async () => {
    await using world = await World.create();
    open(world, [SHOP]);
    world.wechat.inject('classic', { errcode: 45011 });
    const replica = await quiet(await withoutStart(world, [SHOP]));
    const { tokens } = replica;
    const statements = watch(replica);
    const patient = tokens.getAccessToken(SHOP.name, PATIENT);
    await vi.waitFor(() => expect(statements.count('storeFailure')).toBe(1));
    await replica.journal.settled();
    await watchFor(world, 10, replica);
    const before = statements.total();

    const error = await failure(tokens.getAccessToken(SHOP.name));

    expect(error).toSatisfy(isTokenUnavailableError);
    const { retryAfter } = error as TokenUnavailableError;
    // As it is now.
    expect(retryAfter).toBeLessThanOrEqual(50);
    expect(retryAfter).toBeGreaterThan(40);
    expect(statements.total()).toBe(before);
    await world.hasten(patient);
    expect(world.wechat.calls.total).toBe(2);
  });
});

describe('R2 an operator who refreshes a token that another replica renews', () => {
  it('waits as callers do, and gets what the other one has stored', async () => {
    await using world = await World.create();
    const lease = await claimByAnother(world);
    const replica = await quiet(await world.replica(CLASSIC));
    const statements = watch(replica);
    const refreshing = replica.refresher.refresh(NAME);
    await vi.waitFor(() => expect(statements.count('read')).toBe(1));
    await watchFor(world, 3, replica);

    await storeByAnother(world, lease, 'theirs');
    await world.skip(1);

    expect(await refreshing).toMatchObject({ outcome: 'unchanged' });
    expect(statements.looks()).toBeGreaterThanOrEqual(4);
    expect(world.wechat.calls.total).toBe(0);
  });

  it('waits no longer than a lease and a call take', async () => {
    await using world = await World.create();
    await claimByAnother(world, 3_600_000);
    const replica = await quiet(await world.replica(CLASSIC));
    const statements = watch(replica);
    const refreshing = failure(replica.refresher.refresh(NAME));
    await vi.waitFor(() => expect(statements.count('read')).toBe(1));
    await watchFor(world, 3, replica);

    await world.skip(33);

    expect(await refreshing).toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      retryAfter: 1,
    });
    expect(world.wechat.calls.total).toBe(0);
  });
});

describe('R2 a read of a token that nobody has asked for yet', () => {
  it('costs seven statements, two of them for the row that is not there yet', async () => {
    await using world = await World.create();
    open(world, [SHOP]);
    const replica = await quiet(await withoutStart(world, [SHOP]));
    const runner = replica.module.get(SqlRunner);
    const names = statementNames(runner.statements);
    const seen: unknown[] = [];
    for (const method of ['rows', 'change'] as const) {
      const run = runner[method].bind(runner);
      vi.spyOn(runner, method).mockImplementation((statement) => {
        seen.push(names.get(statement.sql));
        return run(statement) as never;
      });
    }

    await replica.tokens.getAccessToken(SHOP.name);
    await replica.journal.settled();

    expect(seen).toEqual([
      'read',
      'insertMissing',
      'read',
      'claim',
      'storeRenewed',
      'recordEvents',
      'countHours',
    ]);
  });
});
