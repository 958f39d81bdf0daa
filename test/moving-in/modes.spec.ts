import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { TokenMode } from '../../src/wechat-token/index.js';
import { type TestReplica, World } from '../support/world.js';
import { callOnce } from './call-once.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
/** Shorter than WeChat's, so that tests see several, and longer than three times its overlap of 300 s. */
const LIFE = 1200;
const STEP = 100;

const inMode = (world: World, mode: TokenMode): Promise<TestReplica> =>
  world.replica({ accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }] });

/** Two replicas of one app, and programs that call WeChat without a retry. */
class Fleet {
  /** What a program has that got its token a step ago. */
  private kept: string | undefined;

  private constructor(
    private readonly world: World,
    private replicas: TestReplica[],
  ) {}

  static async start(world: World, mode: TokenMode): Promise<Fleet> {
    const replicas = [await inMode(world, mode), await inMode(world, mode)];
    return new Fleet(world, replicas);
  }

  /** One of them after the other, while the programs go on. */
  async restartIn(mode: TokenMode): Promise<void> {
    for (const old of this.replicas) {
      await old.close();
      const next = await inMode(this.world, mode);
      this.replicas = this.replicas.map((each) => (each === old ? next : each));
      await next.accountCheck.check();
      await this.live(STEP);
    }
  }

  /** In steps in each of which every timer fires and every program calls. */
  async live(seconds: number): Promise<void> {
    const { world } = this;
    for (let elapsed = 0; elapsed < seconds; elapsed += STEP) {
      await world.advance(STEP);
      for (const { rounds, poller } of this.replicas) {
        await poller.poll();
        await rounds.tick();
      }
      if (this.kept !== undefined)
        expect(await callOnce(world, this.kept)).toBe(0);
      for (const { tokens } of this.replicas) {
        this.kept = await tokens.getAccessToken();
        expect(await callOnce(world, this.kept)).toBe(0);
      }
      const { value } = await world.row();
      expect(await callOnce(world, value ?? 'no token')).toBe(0);
    }
  }
}

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
      const fleet = await Fleet.start(world, from);
      await fleet.live(after);
      const before = issued.length;

      await fleet.restartIn(to);
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
    const classic = await inMode(world, 'classic');
    const old = await classic.tokens.getAccessToken();
    await classic.close();

    const { tokens, rounds, accountCheck } = await inMode(world, 'stable');
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
      const { tokens, api } = await inMode(world, mode);
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
    const { tokens } = await inMode(world, 'classic');
    const ours = await tokens.getAccessToken();
    await world.advance(200);
    expect(await callOnce(world, theirs)).toBe(0);
    expect(await callOnce(world, ours)).toBe(0);
    await world.advance(101);
    expect(await callOnce(world, theirs)).toBe(40001);
    expect(await callOnce(world, ours)).toBe(0);
    expect(world.wechat.calls.classic).toBe(1);
  });
});
