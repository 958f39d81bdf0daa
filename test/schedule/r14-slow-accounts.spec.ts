import {
  type AccountNamed,
  fireCron,
  nameOf,
  namesOf,
  open,
  renewedOf,
  shops,
  started,
  storeTokens,
} from '../support/many-accounts.js';
import { type ReplicaOptions, World } from '../support/world.js';

const DUE_SECONDS = 7000;
/** Of a call to the platform. The others are through long before. */
const TIMEOUT_MS = 8000;

/** The first of these accounts, whose token is the longest due. */
function firstOf(accounts: readonly AccountNamed[]): AccountNamed {
  const [first] = accounts;
  if (!first) throw new Error('no account');
  return first;
}

/** A replica of these accounts, all of which are due after so many seconds; the first of them before the others. */
async function due(
  world: World,
  accounts: readonly AccountNamed[],
  refresh: ReplicaOptions['refresh'],
  seconds = DUE_SECONDS,
) {
  open(world, accounts);
  await storeTokens(world, [firstOf(accounts)]);
  await world.advance(60);
  await storeTokens(world, accounts.slice(1));
  const replica = await world.replica({
    accounts: [...accounts],
    api: { timeoutMs: TIMEOUT_MS },
    refresh: { ...refresh },
  });
  await replica.accountCheck.check();
  expect(world.wechat.calls.total).toBe(0);
  await world.advance(seconds);
  return replica;
}

/** Its calls are never answered. */
function hang(world: World, { appId }: AccountNamed): void {
  world.wechat.inject('stable', { hang: true }, { appId, times: Infinity });
}

describe('R14 an account whose calls take long', () => {
  it.each([20, 150])(
    'keeps one of two turns busy, and none of %d others waiting',
    async (count) => {
      await using world = await World.create();
      const accounts = shops(count + 1);
      const slow = firstOf(accounts);
      const { rounds } = await due(world, accounts, { concurrency: 2 });
      hang(world, slow);
      let ended = false;

      const tick = rounds.tick().finally(() => (ended = true));

      await vi.waitFor(
        async () =>
          expect(await renewedOf(world, accounts)).toEqual(
            namesOf(accounts.slice(1)),
          ),
        { timeout: TIMEOUT_MS, interval: 50 },
      );
      expect(ended).toBe(false);
      expect((await world.row(nameOf(slow))).leaseOwner).not.toBeNull();
      // It ends what hangs.
      await world.wechat.goDown();
      await tick;
      expect(await world.row(nameOf(slow))).toMatchObject({
        failureCount: 1,
        leaseOwner: null,
      });
      expect(world.wechat.calls.total).toBe(count + 1);
    },
  );

  // They wait for the timeout of a call, all three at the same time.
  it.concurrent.each([
    ['next in the queue', 1, 100],
    ['the last of its batch', 100, 101],
    ['so far behind that no worker has it yet', 299, 300],
  ])(
    'does not keep a caller waiting whose token is %s',
    async (_, index, batchSize) => {
      await using world = await World.create();
      const accounts = shops(300);
      const slow = firstOf(accounts);
      // Over: a caller waits for a new one.
      const replica = await due(
        world,
        accounts,
        { concurrency: 1, batchSize },
        7200,
      );
      hang(world, slow);
      const tick = replica.rounds.tick();
      await vi.waitFor(() => expect(world.wechat.calls.total).toBe(1));
      const asked = accounts[index];
      if (!asked) throw new Error('no such account');
      await vi.waitFor(async () =>
        expect((await world.row(nameOf(asked))).leaseOwner).not.toBeNull(),
      );

      const token = await replica.tokens.getAccessToken(asked.name);

      // The slow one still is under way.
      expect((await world.row(nameOf(slow))).leaseOwner).not.toBeNull();
      expect(world.wechat.currentToken(asked.appId)).toBe(token);
      await tick;
      expect(world.wechat.callsFor(asked.appId).total).toBe(1);
      expect(world.wechat.issued(asked.appId)).toBe(1);
      expect(await renewedOf(world, accounts)).toEqual(
        namesOf(accounts.slice(1)),
      );
      // The slow one may have been tried again after its back-off.
      const { total } = world.wechat.calls;
      expect(total - world.wechat.callsFor(slow.appId).total).toBe(299);
    },
  );
});

describe('R14 a token whose write takes long', () => {
  it('keeps no slot: the others are called and stored meanwhile, one at a time', async () => {
    await using world = await World.create();
    const accounts = shops(20);
    const { rounds, store } = await due(world, accounts, { concurrency: 1 });
    let goOn: () => void = () => undefined;
    const later = new Promise<void>((resolve) => (goOn = resolve));
    const storeRenewed = store.storeRenewed.bind(store);
    vi.spyOn(store, 'storeRenewed').mockImplementationOnce(async (...write) => {
      await later;
      return storeRenewed(...write);
    });

    const tick = rounds.tick();

    const others = namesOf(accounts.slice(1));
    await vi.waitFor(
      async () => expect(await renewedOf(world, accounts)).toEqual(others),
      { timeout: TIMEOUT_MS, interval: 50 },
    );
    goOn();
    await tick;
    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(world.wechat.calls.total).toBe(20);
  });
});

describe('R12, R14 a replica that is closed in the middle of a round', () => {
  it.each([100, 300])(
    'gives back the leases that had no slot yet (%d at a time)',
    async (batchSize) => {
      await using world = await World.create();
      const accounts = shops(300);
      const replica = await due(world, accounts, { concurrency: 2, batchSize });
      world.wechat.inject('stable', { delayMs: 500 }, { times: Infinity });
      await fireCron(replica);
      await vi.waitFor(() => expect(world.wechat.calls.total).toBe(2));
      const startedAt = performance.now();

      await replica.close();

      // What was under way has ended; nothing else has begun, which would take more than a minute.
      expect(performance.now() - startedAt).toBeLessThan(20_000);
      expect(world.wechat.calls.total).toBeLessThanOrEqual(4);
      const called = accounts.filter(
        ({ appId }) => world.wechat.callsFor(appId).total > 0,
      );
      expect(await renewedOf(world, accounts)).toEqual(namesOf(called));
      const leased = await world.sql(
        'SELECT name FROM system_var WHERE lease_owner IS NOT NULL OR lease_until IS NOT NULL',
      );
      expect(leased).toEqual([]);
      const failed = await world.sql(
        'SELECT name FROM system_var WHERE failure_count > 0',
      );
      expect(failed).toEqual([]);
    },
  );

  it('and the next one goes on with them at once', async () => {
    await using world = await World.create();
    const accounts = shops(120);
    const replica = await due(world, accounts, { concurrency: 2 });
    world.wechat.inject('stable', { delayMs: 300 }, { times: 2 });
    await fireCron(replica);
    await vi.waitFor(() => expect(world.wechat.calls.total).toBe(2));
    await replica.close();
    expect(world.wechat.calls.total).toBeLessThanOrEqual(4);

    const next = await world.replica({ accounts });
    await next.accountCheck.check();
    await next.rounds.tick();

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    for (const { appId } of accounts)
      expect(world.wechat.callsFor(appId).total).toBe(1);
  });

  it('gives back the leases of a claim that was on its way', async () => {
    await using world = await World.create();
    const accounts = shops(50);
    const { queue, renewer, rounds } = await started(world, accounts);
    await world.advance(DUE_SECONDS);
    let goOn: () => void = () => undefined;
    const later = new Promise<void>((resolve) => (goOn = resolve));
    const claim = queue.claim.bind(queue);
    const claims = vi
      .spyOn(queue, 'claim')
      .mockImplementationOnce(async (...claimed) => {
        const leased = await claim(...claimed);
        await later;
        return leased;
      });
    const tick = rounds.tick();
    await vi.waitFor(() => expect(claims).toHaveBeenCalledOnce());

    await renewer.stop();
    goOn();
    await tick;

    const leased = await world.sql(
      'SELECT name FROM system_var WHERE lease_owner IS NOT NULL',
    );
    expect(leased).toEqual([]);
    expect(claims).toHaveBeenCalledOnce();
    expect(world.wechat.calls.total).toBe(0);
  });
});
