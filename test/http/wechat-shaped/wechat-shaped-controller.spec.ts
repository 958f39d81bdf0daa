import { inspect } from 'node:util';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
} from '../../../src/testing/index.js';
import {
  type AccountSource,
  LogLine,
  WechatTokenModule,
} from '../../../src/wechat-token/index.js';
import { AccountCheck } from '../../../src/wechat-token/schedule/account-check.js';
import { memoryDatabase } from '../../support/memory-database.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
const KEY = 'a-key-of-the-shop-0001-abcdefghijklmnop';
const PASSWORD = 'password-of-the-database';

describe("GET /cgi-bin/token with accounts in the app's own tables", () => {
  let wechat: FakeWechat;
  let app: INestApplication;
  // Not repaired before the last test, so that no token is in memory.
  let broken: 'find' | 'list' | undefined = 'find';
  const lines: unknown[][] = [];

  const account = () => DEFAULT_FAKE_ACCOUNT;
  const source: AccountSource = {
    find: () => lookUp('find', account),
    list: () => lookUp('list', () => [account()]),
  };

  function lookUp<Result>(what: typeof broken, result: () => Result): Result {
    if (broken !== what) return result();
    throw new TypeError(
      `no connection to mysql://root:${PASSWORD}@db for ${appSecret}`,
    );
  }

  beforeAll(async () => {
    wechat = await FakeWechat.start();
    const see = (...line: unknown[]) => lines.push(line);
    const logger: LoggerService = { log: see, warn: see, error: see };
    const module = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        memoryDatabase(),
        WechatTokenModule.forRoot({
          accounts: source,
          api: { baseUrl: wechat.baseUrl },
          http: {
            apiKeys: [{ id: 'shop', key: KEY, scopes: ['tokens:issue'] }],
          },
        }),
      ],
    }).compile();
    app = module.createNestApplication({ logger });
    await app.listen(0, '127.0.0.1');
    await app.get(AccountCheck, { strict: false }).check();
  });
  afterAll(async () => {
    await app.close();
    await wechat.stop();
  });

  async function ask(): Promise<{ status: number; body: unknown }> {
    const query = new URLSearchParams({
      grant_type: 'client_credential',
      appid: appId,
      secret: KEY,
    });
    const url = `${await app.getUrl()}/cgi-bin/token?${query.toString()}`;
    const response = await fetch(url);
    return { status: response.status, body: await response.json() };
  }

  it.each(['find', 'list'] as const)(
    'is "system error" when %s() throws, and one log line without the error message',
    async (what) => {
      broken = what;
      lines.length = 0;

      expect(await ask()).toEqual({
        status: 200,
        body: { errcode: -1, errmsg: 'system error' },
      });

      const warnings = lines.filter(([line]) =>
        String(line).startsWith('token not issued'),
      );
      const thrownHere = expect.stringMatching(
        /^at .*wechat-shaped-controller\.spec/,
      );
      expect(warnings).toEqual([
        [
          new LogLine('token not issued', {
            name: what === 'find' ? 'access_token' : undefined,
            appId,
            reason: expect.stringContaining('TypeError'),
            stack: expect.arrayContaining([thrownHere]),
          }),
          'WechatToken',
        ],
      ]);
      const all = inspect(lines, { depth: 10 });
      for (const secret of [KEY, PASSWORD, appSecret])
        expect(all).not.toContain(secret);
    },
  );

  it('is the token once they can be had again', async () => {
    broken = undefined;

    const { status, body } = await ask();

    expect(status).toBe(200);
    const token = wechat.currentToken(appId);
    expect(body).toEqual({
      access_token: token,
      expires_in: expect.any(Number),
    });
  });
});
