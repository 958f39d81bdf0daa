import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { toAccount } from '../../src/wechat-token/accounts/account.js';
import { isUnknownTokenError } from '../../src/wechat-token/index.js';
import type { TokenUpdate } from '../../src/wechat-token/store/token-row.js';
import { renewed } from '../support/open-store.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const CLASSIC = {
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
} as const;

/** Another replica, which never comes back, takes the lease. */
async function claimByTheDead(world: World) {
  const store = await world.store();
  await store.insertMissing([{ name: NAME, remark: '' }]);
  const lease = await store.claim(await world.row(), 'the dead', 30_000);
  if (!lease) throw new Error('not claimed');
  return lease;
}

const token = (value: string): TokenUpdate => ({
  ...renewed(value),
  credentialId: toAccount(DEFAULT_FAKE_ACCOUNT).credentialId,
});

describe('R4 one renewal', () => {
  it('8 replicas that start at once on an empty database make one call', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { delayMs: 300 });
    const fleet = await Promise.all(
      Array.from({ length: 8 }, () => world.replica(CLASSIC)),
    );

    const got = await Promise.all(
      fleet.flatMap(({ tokens }) =>
        Array.from({ length: 20 }, () => tokens.getAccessToken()),
      ),
    );

    expect(new Set(got).size).toBe(1);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('4 replicas that all find it due renew it once', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(4, CLASSIC);
    for (const { tokens } of fleet) await tokens.getAccessToken();
    await world.advance(6700);
    world.wechat.inject('classic', { delayMs: 200 });

    await Promise.all(
      fleet.flatMap(({ rounds, tokens }) => [
        rounds.tick(),
        tokens.getAccessToken(),
      ]),
    );
    await Promise.all(
      fleet.map(({ renewer }) => renewer.renew(NAME, { kind: 'due' })),
    );

    expect(world.wechat.calls.total).toBe(2);
  });

  it('callers that wait for an expired token poll, and do not renew it after the holder did', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(4, CLASSIC);
    for (const { tokens } of fleet) await tokens.getAccessToken();
    await world.advance(7200);
    world.wechat.inject('classic', { delayMs: 300 });

    const got = await Promise.all(
      fleet.map(({ tokens }) => tokens.getAccessToken()),
    );

    expect(new Set(got).size).toBe(1);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('the lease of a dead holder lapses by itself, and who waited renews', async () => {
    await using world = await World.create();
    await claimByTheDead(world);
    const { tokens, store } = await world.replica();
    const looks = vi.spyOn(store, 'readAll');
    const waiting = tokens.getAccessToken('default', { timeoutMs: 60_000 });
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(1));
    expect(world.wechat.calls.total).toBe(0);

    await world.advance(31);

    expect(world.wechat.accepts(await waiting)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
    expect(await world.row()).toMatchObject({ leaseOwner: null });
  });

  it('a write that comes after the lease was taken over loses', async () => {
    await using world = await World.create();
    const late = await claimByTheDead(world);
    await world.advance(31);
    const store = await world.store();
    const lease = await store.claim(await world.row(), 'the heir', 30_000);
    if (!lease) throw new Error('not claimed');

    expect(await store.storeRenewed(late, token('early'))).toBe(false);
    expect(await store.storeRenewed(lease, token('newer'))).toBe(true);
    expect(await store.storeRenewed(late, token('late'))).toBe(false);
    expect(await store.release(late)).toBe(false);

    expect(await world.row()).toMatchObject({ value: 'newer' });
  });

  it('an answer that comes after another replica has renewed is dropped, and the newer token served', async () => {
    await using world = await World.create();
    world.wechat.inject('classic', { delayMs: 500 });
    const slow = await world.replica(CLASSIC);
    const waiting = slow.tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.classic).toBe(1));
    await world.advance(31);
    const store = await world.store();
    const lease = await store.claim(await world.row(), 'the heir', 30_000);
    if (!lease) throw new Error('not claimed');
    await store.storeRenewed(lease, token('newer'));

    expect(await waiting).toBe('newer');

    expect(await world.row()).toMatchObject({ value: 'newer' });
    const events = await world.sql(
      "SELECT type FROM token_event WHERE type = 'lease-lost'",
    );
    expect(events).toHaveLength(1);
  });

  it('an answer that comes after its lease has expired is kept when no replica has taken it over', async () => {
    await using world = await World.create();
    world.wechat.inject('classic', { delayMs: 500 });
    const { tokens } = await world.replica(CLASSIC);
    const waiting = tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.classic).toBe(1));
    await world.advance(31);

    expect(await waiting).toBe((await world.row()).value);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('holds no transaction and no connection while it waits for the platform', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { hang: true });
    const { variables } = await world.replica({ api: { timeoutMs: 1000 } });
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(1));

    await variables.save('colour', 'green');
    await world.sql('BEGIN IMMEDIATE');
    await world.sql('COMMIT');

    expect(await variables.get('colour')).toBe('green');
    expect((await world.row()).leaseInMs).toBeGreaterThan(0);
  });
});

describe('R4 one row an account', () => {
  const names = (world: World) =>
    world.sql<{ name: string }>('SELECT name FROM system_var ORDER BY name');

  it('the default account has no second name', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica(CLASSIC);
    await tokens.getAccessToken();

    await expect(
      refresher.refresh('access_token:default', { force: true }),
    ).rejects.toSatisfy(isUnknownTokenError);

    expect(await names(world)).toEqual([{ name: NAME }]);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('nor does one whose source finds it by several', async () => {
    await using world = await World.create();
    const shop = { ...DEFAULT_FAKE_ACCOUNT, name: 'shop' };
    const { tokens, refresher } = await world.replica({
      accounts: {
        find: (name) => (name.toLowerCase() === 'shop' ? shop : undefined),
        list: () => [shop],
      },
    });
    await tokens.getAccessToken('shop');

    for (const attempt of [
      tokens.getAccessToken('Shop'),
      refresher.refresh('access_token:SHOP'),
    ])
      await expect(attempt).rejects.toSatisfy(isUnknownTokenError);

    expect(await names(world)).toEqual([{ name: 'access_token:shop' }]);
    expect(world.wechat.calls.total).toBe(1);
  });
});

describe('R4 a lease that was taken over, when WeChat then gives the late replica an error', () => {
  it("serves the heir's token, and records no failure", async () => {
    await using world = await World.create();
    const [late, heir] = await world.pair({ api: { timeoutMs: 2000 } });
    await late.tokens.getAccessToken();
    await heir.tokens.getAccessToken();
    await world.advance(7200);
    world.wechat.inject('stable', { hang: true });
    const waiting = late.tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(2));
    await world.advance(31);
    const renewed = await heir.tokens.getAccessToken();

    expect(await waiting).toBe(renewed);

    await late.close();
    expect(await world.row()).toMatchObject({
      value: renewed,
      failureCount: 0,
      lastError: null,
    });
    const events = await world.sql<{ type: string }>(
      "SELECT type FROM token_event WHERE type IN ('failed', 'lease-lost')",
    );
    expect(events).toEqual([{ type: 'lease-lost' }]);
    expect(world.wechat.calls.stable).toBe(3);
  });
});

describe('R4 a caller who has nothing, while a dead replica holds the lease', () => {
  const patient = { timeoutMs: 5000 };

  it('stable: gets a token without the lease, and the token is written once the lease has expired', async () => {
    await using world = await World.create();
    await claimByTheDead(world);
    const { tokens, rounds } = await world.replica({
      api: { timeoutMs: 300 },
    });

    const got = await Promise.all(
      Array.from({ length: 100 }, () =>
        tokens.getAccessToken('default', patient),
      ),
    );

    expect(new Set(got).size).toBe(1);
    const [value = ''] = got;
    expect(world.wechat.accepts(value)).toBe(true);
    await rounds.tick();
    expect(await world.row()).toMatchObject({
      value: null,
      leaseOwner: 'the dead',
    });
    await world.advance(31);
    await rounds.tick();
    expect(await world.row()).toMatchObject({ value, leaseOwner: null });
    expect(world.wechat.calls.total).toBe(1);
  });

  it('classic: waits until its timeout', async () => {
    await using world = await World.create();
    await claimByTheDead(world);
    const { tokens } = await world.replica({
      ...CLASSIC,
      api: { timeoutMs: 300 },
    });

    await expect(
      tokens.getAccessToken('default', { timeoutMs: 1200 }),
    ).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE', retryAfter: 1 });

    expect(world.wechat.calls.total).toBe(0);
    await world.advance(31);
    const value = await tokens.getAccessToken();
    expect(world.wechat.accepts(value)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });
});

describe('R4 a process that was suspended while another replica held the lease', () => {
  it('still tries once when it resumes, however late that is', async () => {
    await using world = await World.create();
    await claimByTheDead(world);
    const { tokens } = await world.replica({
      ...CLASSIC,
      api: { timeoutMs: 300 },
    });
    const waiting = tokens.getAccessToken();
    await vi.waitFor(async () =>
      expect((await world.row()).leaseInMs).toBeGreaterThan(0),
    );

    await world.advance(3600);

    expect(world.wechat.accepts(await waiting)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });
});
