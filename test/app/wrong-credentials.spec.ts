import { isUnknownAccountError } from '../../src/wechat-token/index.js';
import {
  API_KEY,
  AppSandbox,
  askToken,
  tokenAnswer,
} from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';
import { World } from '../support/world.js';

const GOOD = { appId: 'wx_good', appSecret: 'good-secret-0123456789abcdef' };
const BAD = { appId: 'wx_bad', appSecret: 'right-secret-0123456789abcdef' };
const WRONG_SECRET = 'wrong-secret-0123456789abcdef';

describe('an AppSecret that WeChat does not know (40125)', () => {
  let sandbox: AppSandbox;
  let app: AppProcess;
  let startedAt: number;
  /** After the first call there is a probe a minute later, the next one five minutes after that: a busy machine may see it. */
  const mostCalls = () =>
    1 + Math.floor((performance.now() - startedAt) / 60_000);
  const accounts = (appSecret: string) => ({
    WECHAT_APP_ID: BAD.appId,
    WECHAT_APP_SECRET: appSecret,
    WECHAT_ACCOUNTS: JSON.stringify([{ name: 'good', ...GOOD }]),
    WECHAT_REFRESH_CRON: '* * * * * *',
    WECHAT_SYNC_INTERVAL_MS: '200',
    LOG_LEVEL: 'verbose',
  });

  beforeAll(async () => {
    // So short a life that the other account's rotations count the cron's ticks.
    sandbox = await AppSandbox.create({
      accounts: [GOOD, BAD],
      lifeSeconds: 3,
    });
    startedAt = performance.now();
    app = await sandbox.run(accounts(WRONG_SECRET));
    await issues(sandbox, 3);
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  it('is asked about once in a minute, however often the cron ticks', async () => {
    expect(sandbox.wechat.callsFor(BAD.appId).total).toBeGreaterThan(0);
    for (let i = 0; i < 5; i++)
      await askToken(app.url, { appid: BAD.appId, secret: API_KEY });
    expect(sandbox.wechat.callsFor(BAD.appId).total).toBeLessThanOrEqual(
      mostCalls(),
    );
  });

  it('is logged in one line that names the setting and what to do', () => {
    // The cron library may complain of a busy machine.
    const lines = app
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBeLessThanOrEqual(mostCalls());
    expect(
      lines.slice(0, 1).map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      expect.objectContaining({
        level: 'error',
        message: 'token refresh failed',
        name: 'access_token',
        class: 'credentials',
        errcode: 40125,
        failures: 1,
        nextAttemptAt: expect.stringMatching(/^20[^ ]+Z$/),
        reason: expect.stringMatching(
          /^WeChat answered 40125 "invalid appsecret[^"]*"\. Correct the appSecret \(WECHAT_APP_SECRET or its file, or appSecret in WECHAT_ACCOUNTS\) and restart, which tries it at once; .*$/,
        ),
      }),
    ]);
  });

  it('leaves its callers with an answer at once, and the other account alone', async () => {
    const before = performance.now();
    const bad = await tokenAnswer(app.url, { appid: BAD.appId });
    // Callers that wait do so for ten seconds.
    expect(performance.now() - before).toBeLessThan(8000);
    expect(bad).toEqual({ errcode: -1, errmsg: 'system error' });
    const good = await tokenAnswer(app.url, { appid: GOOD.appId });
    expect(sandbox.wechat.accepts(good.access_token ?? '')).toBe(true);
  });

  it('is not in the log, nor is a token', () => {
    const text = app.logs() + app.stderr();
    const secrets = [WRONG_SECRET, GOOD.appSecret, API_KEY];
    for (const secret of [...secrets, ...sandbox.wechat.issuedTokens])
      expect(text).not.toContain(secret);
  });

  it('is forgotten as soon as the right one is set', async () => {
    await app.stop();
    app = await sandbox.run(accounts(BAD.appSecret));
    const answer = await tokenAnswer(app.url, { appid: BAD.appId });
    expect(sandbox.wechat.accepts(answer.access_token ?? '')).toBe(true);
  });
});

it('an unknown account is reported by its name, with where to add it', async () => {
  await using world = await World.create();
  const { tokens } = await world.replica();
  const error = await tokens.getAccessToken('shpo').catch((e: unknown) => e);
  expect(isUnknownAccountError(error) && error.message).toBe(
    'Unknown account "shpo". Add it to the module\'s `accounts` (WECHAT_ACCOUNTS of the app), or correct the name.',
  );
  expect(world.wechat.callsFor('shpo').total).toBe(0);
});

/** Until the healthy account has had so many tokens. */
function issues(sandbox: AppSandbox, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (sandbox.wechat.issued(GOOD.appId) < count) return;
      stop();
      resolve();
    };
    const stop = sandbox.wechat.onIssue(look);
    look();
  });
}
