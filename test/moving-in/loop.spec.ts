import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { AccessTokenProvider } from '../../src/wechat-token/index.js';
import { callOnce, STEP } from '../support/fleet.js';
import { parsed } from '../support/open-store.js';
import { type TestReplica, World } from '../support/world.js';
import { codeOf } from './page-code.js';

const PAGE = 'docs/moving-in.md';
const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

/** The program that was there before, as the page shows it. */
interface Loop {
  start(): Promise<void>;
  stop(): void;
}
type Save = (token: string) => unknown;

/** Shorter than WeChat's, so that tests see several, and longer than three times its overlap of 300 s. */
const LIFE = 1200;

async function loopOf(world: World, save: Save): Promise<Loop> {
  const { TokenLoop } = await codeOf<{
    TokenLoop: new (api: string, credentials: object, save: Save) => Loop;
  }>(PAGE, 'TokenLoop');
  const credentials = { appid: appId, secret: appSecret };
  return new TokenLoop(world.wechat.baseUrl, credentials, save);
}

/** As at its start: the module takes its accounts over. */
async function moveIn(world: World): Promise<TestReplica> {
  const replica = await world.replica();
  await replica.accountCheck.check();
  return replica;
}

/** Lets time pass in steps of 100 s, in each of which the cron runs and the callers call. */
async function live(
  world: World,
  seconds: number,
  { rounds }: TestReplica,
  callers: () => Promise<void>,
): Promise<void> {
  for (let elapsed = 0; elapsed < seconds; elapsed += STEP) {
    await world.advance(STEP);
    await rounds.tick();
    await callers();
  }
}

describe('from a loop that writes a row', () => {
  let world: World;
  let legacy: DataSource;
  let loop: Loop;
  beforeEach(async () => {
    world = await World.create({ wechat: { lifeSeconds: LIFE } });
    legacy = new DataSource(dataSourceOptions(parsed(world.databaseUrl)));
    await legacy.initialize();
    await legacy.query(
      'CREATE TABLE system_var (name varchar(64) NOT NULL PRIMARY KEY, value varchar(2048) NOT NULL)',
    );
    await legacy.query(
      "INSERT INTO system_var (name, value) VALUES ('access_token', ''), ('site_name', 'shop')",
    );
    loop = await loopOf(world, (token) =>
      legacy.query(
        "UPDATE system_var SET value = ? WHERE name = 'access_token'",
        [token],
      ),
    );
  });
  afterEach(async () => {
    loop.stop();
    await legacy.destroy();
    await world[Symbol.asyncDispose]();
  });

  /** A program that knows nothing of the move. */
  async function reader(): Promise<void> {
    const [row] = await legacy.query(
      "SELECT value FROM system_var WHERE name = 'access_token'",
    );
    expect(await callOnce(world, row.value)).toBe(0);
  }

  it('nobody has a refused token: not while both run, not for the lives after it, not on the way back', async () => {
    await loop.start();
    await reader();
    const [ofTheLoop = ''] = world.wechat.issuedTokens;

    const replica = await moveIn(world);
    await reader();
    // A process that has the loop's token in a variable.
    expect(await callOnce(world, ofTheLoop)).toBe(0);
    // The loop of a process that is not replaced yet writes the row once more.
    await loop.start();
    await reader();
    expect(await callOnce(world, await replica.tokens.getAccessToken())).toBe(
      0,
    );
    expect(await callOnce(world, ofTheLoop)).toBe(0);
    loop.stop();
    expect(world.wechat.calls).toMatchObject({ classic: 2, stable: 1 });

    await live(world, LIFE, replica, async () => {
      await reader();
      expect(await callOnce(world, await replica.tokens.getAccessToken())).toBe(
        0,
      );
    });
    expect(world.wechat.calls).toMatchObject({ classic: 2, stableForced: 0 });
    // The first one, and the one after it.
    expect(world.wechat.issued() - 2).toBe(2);

    const ofTheModule = await replica.tokens.getAccessToken();
    await replica.close();
    await loop.start();
    await reader();
    expect(await callOnce(world, ofTheModule)).toBe(0);
    loop.stop();
    await legacy.query(
      "INSERT INTO system_var (name, value) VALUES ('phone', '12345')",
    );

    const again = await moveIn(world);
    await live(world, 1000, again, async () => {
      await reader();
      expect(await callOnce(world, await again.tokens.getAccessToken())).toBe(
        0,
      );
    });
    expect(world.wechat.refused).toBe(0);
    expect(world.wechat.calls.classic).toBe(3);
    expect(await again.variables.get('site_name')).toBe('shop');
  });
});

it('from a loop with a variable: calls with one’s own client go on, also after a token that WeChat refuses', async () => {
  await using world = await World.create({ wechat: { lifeSeconds: LIFE } });
  let variable = '';
  const loop = await loopOf(world, (token) => (variable = token));
  await loop.start();
  loop.stop();
  expect(await callOnce(world, variable)).toBe(0);

  const { tokens } = await moveIn(world);
  const { WechatCalls } = await codeOf<{
    WechatCalls: new (
      api: string,
      tokens: AccessTokenProvider,
    ) => { get(path: string): Promise<{ errcode: number }> };
  }>(PAGE, 'WechatCalls');
  const calls = new WechatCalls(world.wechat.baseUrl, tokens);
  expect((await calls.get('/cgi-bin/menu/get')).errcode).toBe(0);
  expect(await callOnce(world, variable)).toBe(0);
  expect(world.wechat.refused).toBe(0);

  world.wechat.drop(appId);
  expect((await calls.get('/cgi-bin/menu/get')).errcode).toBe(0);
  expect(world.wechat.refused).toBe(1);
  expect(world.wechat.calls).toMatchObject({ classic: 1, stable: 2 });
});

describe('from a key in Redis', () => {
  it('its readers never have a refused token, while the program that wrote it runs and after it', async () => {
    await using world = await World.create({ wechat: { lifeSeconds: LIFE } });
    const keys = new Map<string, string>();
    const redis = {
      // The life of the key, as Redis counts it, is that of the token.
      set: async (key: string, value: string, unit: 'EX', seconds: number) => {
        expect(unit).toBe('EX');
        expect(seconds).toBeGreaterThan(0);
        keys.set(key, value);
      },
    };
    const reader = async () =>
      expect(
        await callOnce(world, keys.get('wechat:access_token') ?? 'no key'),
      ).toBe(0);
    const writer = await loopOf(world, (token) =>
      keys.set('wechat:access_token', token),
    );
    await writer.start();
    await reader();

    const replica = await moveIn(world);
    const { TokenKey } = await codeOf<{
      TokenKey: new (
        tokens: AccessTokenProvider,
        store: typeof redis,
      ) => { copy(): Promise<void> };
    }>(PAGE, 'TokenKey');
    const key = new TokenKey(replica.tokens, redis);
    await key.copy();
    await reader();
    await writer.start();
    await reader();
    writer.stop();

    await live(world, LIFE, replica, async () => {
      await key.copy();
      await reader();
    });
    expect(keys.get('wechat:access_token')).toBe(
      await replica.tokens.getAccessToken(),
    );
    // The way back.
    await writer.start();
    writer.stop();
    await reader();
    expect(world.wechat.refused).toBe(0);
    expect(world.wechat.calls).toMatchObject({ classic: 3, stableForced: 0 });
  });
});
