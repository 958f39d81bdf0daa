import { randomBytes } from 'node:crypto';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  isTokenUnavailableError,
  type TokenMode,
} from '../../src/wechat-token/index.js';
import { TokenHealth } from '../../src/wechat-token/schedule/token-health.js';
import { callOnce, Fleet, STEP } from '../support/fleet.js';
import { ONCE, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NEW_SECRET = 'new-secret-0123456789abcdef01234';
/** Longer than three times WeChat's overlap of 300 s. */
const LIFE = 1200;

const withSecret = (mode: TokenMode, appSecret: string) => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode, appSecret }],
});

describe('the AppSecret is reset at WeChat', () => {
  it.each([
    // The confirmations are refused, and then the same token is confirmed with the new secret.
    { mode: 'stable', fetched: 1 },
    // The first call with the new secret issues a token of its own.
    { mode: 'classic', fetched: 2 },
  ] as const)(
    'the replicas get the new one, one after the other, within the life of the token: no call fails ($mode)',
    async ({ mode, fetched }) => {
      await using world = await World.create({
        wechat: { lifeSeconds: LIFE },
      });
      const { appSecret } = DEFAULT_FAKE_ACCOUNT;
      const fleet = await Fleet.start(world, withSecret(mode, appSecret));
      await fleet.live(STEP);

      world.wechat.changeSecret(appId, NEW_SECRET);
      await fleet.live(4 * STEP);
      await fleet.restartWith(withSecret(mode, NEW_SECRET));

      expect(world.wechat.issued()).toBe(fetched);
      expect((await world.row()).lastError).toBeNull();
      await fleet.live(4 * STEP);
      expect(world.wechat.refused).toBe(0);
      expect(world.wechat.calls.stableForced).toBe(0);
    },
  );

  it.each([
    { mode: 'stable', other: 'has a wrong one from its start on' },
    { mode: 'classic', other: 'has a wrong one from its start on' },
    { mode: 'stable', other: 'still has the old one' },
    { mode: 'classic', other: 'still has the old one' },
  ] as const)(
    'a replica that $other serves what another one renews, and calls rarely ($mode)',
    async ({ mode, other }) => {
      await using world = await World.create({ wechat: { lifeSeconds: LIFE } });
      const right = withSecret(mode, DEFAULT_FAKE_ACCOUNT.appSecret);
      const changed = withSecret(mode, NEW_SECRET);
      const first = await world.replica(right);
      const stored = await first.tokens.getAccessToken();
      const isOld = other === 'still has the old one';
      if (isOld) world.wechat.changeSecret(appId, NEW_SECRET);
      const second = await world.replica(changed);
      expect(await second.tokens.getAccessToken()).toBe(stored);
      await second.accountCheck.check();

      const [ours, theirs] = isOld ? [second, first] : [first, second];
      const reasons = () => theirs.module.get(TokenHealth).current().reasons;
      for (let elapsed = 0; elapsed < 2 * LIFE; elapsed += STEP) {
        await world.advance(STEP);
        for (const { rounds, poller, tokens } of [ours, theirs]) {
          await poller.poll();
          await rounds.tick();
          expect(await callOnce(world, await tokens.getAccessToken())).toBe(0);
        }
        if (!isOld)
          expect(reasons()).toEqual([
            { reason: 'renewals-failing', class: 'credentials', count: 1 },
          ]);
      }

      expect(world.wechat.issued()).toBeGreaterThan(2);
      const { classic, stable } = world.wechat.calls;
      expect(classic + stable).toBeLessThan(24);
    },
  );

  it('and nobody changes the setting: callers are told from the end of the token until a restart with the new one', async () => {
    await using world = await World.create({ wechat: { lifeSeconds: LIFE } });
    const { tokens, rounds, close } = await world.replica();
    const old = await tokens.getAccessToken();
    world.wechat.changeSecret(appId, NEW_SECRET);
    for (let elapsed = 0; elapsed < LIFE - STEP; elapsed += STEP) {
      await world.advance(STEP);
      await rounds.tick();
      expect(await tokens.getAccessToken()).toBe(old);
    }
    expect((await world.row()).lastError).toMatchObject({
      class: 'credentials',
      errcode: 40125,
    });
    await world.advance(STEP);
    const error: unknown = await tokens.getAccessToken(...ONCE).catch((e) => e);
    expect(isTokenUnavailableError(error)).toBe(true);
    await close();

    const after = await world.replica(withSecret('stable', NEW_SECRET));
    expect(await callOnce(world, await after.tokens.getAccessToken())).toBe(0);
  });
});

it('a forced renewal in classic mode leaves the old token good for 5 minutes', async () => {
  await using world = await World.create();
  const { appSecret } = DEFAULT_FAKE_ACCOUNT;
  const { tokens, refresher } = await world.replica(
    withSecret('classic', appSecret),
  );
  const leaked = await tokens.getAccessToken();
  await world.advance(STEP);
  await refresher.refresh('access_token', { force: true });
  expect(await tokens.getAccessToken()).not.toBe(leaked);
  expect(await callOnce(world, leaked)).toBe(0);
  await world.advance(301);
  expect(await callOnce(world, leaked)).toBe(40001);
});

it('an encryption key that is lost: the row is deleted, and the token that comes again is the one in use', async () => {
  await using world = await World.create();
  const key = (id: string) => [{ id, key: randomBytes(32).toString('base64') }];
  const before = await world.replica({ encryptionKeys: key('lost') });
  const token = await before.tokens.getAccessToken();
  await before.close();
  const { tokens } = await world.replica({ encryptionKeys: key('new') });
  await world.sql("DELETE FROM system_var WHERE name = 'access_token'");

  expect(await tokens.getAccessToken()).toBe(token);
  expect(world.wechat.issued()).toBe(1);
});
