import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { TokenMode } from '../../src/wechat-token/index.js';
import { callOnce, Fleet, STEP } from '../support/fleet.js';
import { World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
/** Shorter than WeChat's, so that tests see several, and longer than three times its overlap of 300 s. */
const LIFE = 1200;

const inMode = (mode: TokenMode) => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
});

describe('a change of the mode, one replica after the other, while programs call', () => {
  it.each([
    { from: 'classic', to: 'stable', when: 'early in', after: STEP },
    { from: 'classic', to: 'stable', when: 'late in', after: LIFE - 500 },
    { from: 'stable', to: 'classic', when: 'late in', after: LIFE - 500 },
  ] as const)(
    'from $from to $to, $when the life of a token: no call fails, and no token is fetched for it',
    async ({ from, to, after }) => {
      await using world = await World.create({
        wechat: { lifeSeconds: LIFE },
      });
      const issued: string[] = [];
      world.wechat.onIssue(({ kind }) => issued.push(kind));
      const fleet = await Fleet.start(world, inMode(from));
      await fleet.live(after);
      const before = issued.length;

      await fleet.restartWith(inMode(to));
      await fleet.live(LIFE);

      expect(world.wechat.refused).toBe(0);
      // The first one in the new mode, and the one after it.
      expect(new Set(issued.slice(0, before))).toEqual(new Set([from]));
      expect(issued.slice(before)).toEqual([to, to]);
      expect(world.wechat.calls.stableForced).toBe(0);
      expect((await world.row()).source).toBe(to);
    },
  );

  it('a classic token is served until WeChat is asked, at most 5 minutes later, and is good after that', async () => {
    await using world = await World.create({ wechat: { lifeSeconds: LIFE } });
    const classic = await world.replica(inMode('classic'));
    const old = await classic.tokens.getAccessToken();
    await classic.close();

    const { tokens, rounds, accountCheck } = await world.replica(
      inMode('stable'),
    );
    await accountCheck.check();
    expect(await tokens.getAccessToken()).toBe(old);
    await world.advance(301);
    await rounds.tick();

    expect(await tokens.getAccessToken()).toBe(
      world.wechat.currentToken(appId, 'stable'),
    );
    await world.advance(LIFE - 400);
    expect(await callOnce(world, old)).toBe(0);
    expect(world.wechat.calls).toMatchObject({ classic: 1, stable: 1 });
  });
});

describe('another program that fetches with the AppSecret', () => {
  it('from /cgi-bin/token disturbs nobody while the module is in stable mode', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const ours = await tokens.getAccessToken();
    for (let fetched = 0; fetched < 3; fetched += 1) {
      const theirs = world.wechat.otherSystemFetches(appId, 'classic');
      expect(await callOnce(world, theirs)).toBe(0);
      expect(await callOnce(world, ours)).toBe(0);
    }
    expect(world.wechat.refused).toBe(0);
  });

  it.each([
    // The stable token ends with the first forced call, a classic one with the second call.
    { mode: 'stable', fetches: 'stable-forced', endsAfter: 1 },
    { mode: 'classic', fetches: 'classic', endsAfter: 2 },
  ] as const)(
    'and ends the token ($mode, $fetches): one call is refused, and the caller gets its answer',
    async ({ mode, fetches, endsAfter }) => {
      await using world = await World.create();
      const { tokens, api } = await world.replica(inMode(mode));
      await tokens.getAccessToken();
      for (let fetched = 1; fetched < endsAfter; fetched += 1) {
        world.wechat.otherSystemFetches(appId, fetches);
        await api.get('/cgi-bin/menu/get');
        expect(world.wechat.refused).toBe(0);
      }
      world.wechat.otherSystemFetches(appId, fetches);

      await api.get('/cgi-bin/menu/get');

      expect(world.wechat.refused).toBe(1);
      expect(await callOnce(world, await tokens.getAccessToken())).toBe(0);
    },
  );

  it('has stopped, and the module starts in classic mode: the old token is good for 5 more minutes', async () => {
    await using world = await World.create();
    const theirs = world.wechat.otherSystemFetches(appId, 'classic');
    const { tokens } = await world.replica(inMode('classic'));
    const ours = await tokens.getAccessToken();
    await world.advance(200);
    expect(await callOnce(world, theirs)).toBe(0);
    expect(await callOnce(world, ours)).toBe(0);
    await world.advance(101);
    expect(await callOnce(world, theirs)).toBe(40001);
    expect(await callOnce(world, ours)).toBe(0);
    expect(world.wechat.calls.classic).toBe(1);
  });

  it('is the module too, with a database of its own: both have one token, and a forced renewal costs the other a retry', async () => {
    await using production = await World.create();
    await using test = await World.create();
    const { baseUrl } = production.wechat;
    const { tokens, api } = await production.replica();
    const other = await test.replica({ api: { baseUrl } });
    expect(await other.tokens.getAccessToken()).toBe(
      await tokens.getAccessToken(),
    );
    expect(production.wechat.issued()).toBe(1);

    await other.refresher.refresh('access_token', { force: true });
    await api.get('/cgi-bin/menu/get');

    expect(production.wechat.refused).toBe(1);
    expect(production.wechat.issued()).toBe(2);
    expect(await other.tokens.getAccessToken()).toBe(
      await tokens.getAccessToken(),
    );
  });
});
