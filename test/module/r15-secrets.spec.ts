import { inspect } from 'node:util';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Injectable, type LoggerService, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import {
  AccessTokenProvider,
  CardSignatureService,
  isWechatTokenError,
  JsapiSignatureService,
  ProblemFilter,
  SystemVarStore,
  TokenProvider,
  TokenRefresher,
  WechatApiClient,
  WechatTokenModule,
} from '../../src/wechat-token/index.js';
import { World } from '../support/world.js';
import { memoryDatabase } from '../support/memory-database.js';

const NAME = 'access_token';
const PROBE = '/cgi-bin/get_api_domain_ip';
const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
const keys = ['one', 'two'].map((id, index) => ({
  id,
  key: Buffer.alloc(32, index + 65).toString('base64'),
}));

/** All that a person or a log collector could see of a value. */
function visible(value: unknown): string[] {
  const hidden = inspect(value, { depth: 10, showHidden: true });
  const seen = [hidden, JSON.stringify(value) ?? ''];
  if (typeof value === 'string') seen.push(value);
  if (value instanceof Error)
    seen.push(value.message, value.stack ?? '', ...visible(value.cause));
  return seen;
}

class Witness {
  readonly seen: string[] = [];

  readonly logger: LoggerService = {
    log: (...line: unknown[]) => this.see(line),
    error: (...line: unknown[]) => this.see(line),
    warn: (...line: unknown[]) => this.see(line),
    debug: (...line: unknown[]) => this.see(line),
    verbose: (...line: unknown[]) => this.see(line),
  };

  see(value: unknown): void {
    this.seen.push(...visible(value));
  }

  /** Runs what must fail, and records the error. */
  async failing(work: Promise<unknown>): Promise<void> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toSatisfy(isWechatTokenError);
    this.see(error);
  }

  /** Not even a part of a secret is shown: 12 consecutive characters of it. */
  expectNothingOf(secrets: readonly string[]): void {
    const text = this.seen.join('\n');
    for (const secret of secrets)
      for (let at = 0; at + 12 <= secret.length; at++)
        if (text.includes(secret.slice(at, at + 12))) {
          const found = text.indexOf(secret.slice(at, at + 12));
          expect.fail(`told: ${text.slice(found - 200, found + 100)}`);
        }
  }
}

/** What gateways and careless servers put into their answers. */
const echoes = (token: string) =>
  [
    {
      errcode: 40013,
      errmsg: `invalid appid, secret ${appSecret} of ${token}`,
    },
    { errcode: -1, errmsg: `system error ${appSecret}${token}` },
    { body: `<html>${token}</html>` },
    { body: `<html>The requested URL ${'/x'.repeat(14)} ${token}</html>` },
    { body: `{"access_token":"${token}","expires_in":7200` },
    {
      status: 404,
      body: `Cannot POST {"appid":"${appId}","secret":"${appSecret}"}`,
    },
    { status: 502, body: `GET /cgi-bin/token?secret=${appSecret}` },
    { status: 500, body: `${'.'.repeat(35)}${appSecret}` },
    { status: 500, body: `${'.'.repeat(35)}${token}` },
    { truncate: true },
    { reset: true },
    {
      redirect: `http://127.0.0.1:1/?secret=${appSecret}&access_token=${token}`,
    },
  ] as const;

describe.each(['stable', 'classic'] as const)(
  'R15 secrets, %s mode',
  (mode) => {
    it('neither the AppSecret nor a token, nor a part of one, is in a log line, an error or an event', async () => {
      const witness = new Witness();
      const { logger } = witness;
      await using world = await World.create();
      const { wechat } = world;
      const { tokens, api, rounds, refresher, poller, close } =
        await world.replica({
          logger,
          accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
          api: { timeoutMs: 1000 },
          refresh: { confirmSeconds: 0 },
        });
      const token = await tokens.getAccessToken();
      witness.see(await refresher.refresh(NAME));

      await world.advance(7000);
      for (const fault of echoes(token)) {
        await world.advance(10);
        wechat.inject(mode, fault);
        await witness.failing(refresher.refresh(NAME));
        wechat.inject('business', fault);
        await witness.failing(api.get(PROBE, { params: { q: token } }));
        witness.see(await world.sql('SELECT last_error FROM system_var'));
      }

      await wechat.goDown();
      await world.advance(10);
      await witness.failing(refresher.refresh(NAME));
      await witness.failing(api.post(PROBE, { token }));
      await wechat.comeBack();

      await world.sql('ALTER TABLE system_var RENAME TO away');
      await witness.failing(refresher.refresh(NAME));
      await rounds.tick();
      await poller.poll();
      await world.sql('ALTER TABLE away RENAME TO system_var');

      await world.sql(
        "CREATE TRIGGER broken BEFORE UPDATE OF value ON system_var BEGIN SELECT RAISE(ABORT, 'no'); END",
      );
      await world.advance(10);
      witness.see(await refresher.refresh(NAME));
      await rounds.tick();
      await world.sql('DROP TRIGGER broken');
      await rounds.tick();

      wechat.rejectAllTokens(appId, true);
      for (let report = 0; report < 12; report++)
        await witness.failing(api.get(PROBE));
      wechat.rejectAllTokens(appId, false);
      await witness.failing(tokens.getAccessToken('nobody'));
      await close();
      await world.advance(7200);
      await witness.failing(tokens.getAccessToken());

      witness.see(await world.sql('SELECT * FROM token_event'));
      witness.see(await world.sql('SELECT last_error FROM system_var'));
      expect(witness.seen.length).toBeGreaterThan(100);
      witness.expectNothingOf([appSecret, ...wechat.issuedTokens]);
    });
  },
);

describe('R15 at rest', () => {
  it('a value is encrypted, and the error of one that cannot be decrypted shows neither key nor value', async () => {
    const witness = new Witness();
    const { logger } = witness;
    await using world = await World.create();
    const [one, two] = keys;
    const sealing = await world.replica({
      logger,
      encryptionKeys: keys.slice(0, 1),
    });
    const token = await sealing.tokens.getAccessToken();
    const [row] = await world.sql<{ value: string }>(
      'SELECT value FROM system_var',
    );
    expect(row?.value).toMatch(/^sealed:v1:one:/);

    const rotated = await world.replica({
      logger,
      encryptionKeys: keys.toReversed(),
    });
    expect(await rotated.tokens.getAccessToken()).toBe(token);
    const other = await world.replica({
      logger,
      encryptionKeys: keys.slice(1),
    });
    await witness.failing(other.tokens.getAccessToken());
    await other.rounds.tick();
    await other.poller.poll();

    witness.see(row);
    witness.expectNothingOf([token, one?.key ?? '', two?.key ?? '']);
  });

  it('invalid options are reported without their values', async () => {
    const witness = new Witness();
    await using world = await World.create();
    const wrong = {
      accounts: [{ appId: 'no spaces please', appSecret, mode: 'sometimes' }],
      encryptionKeys: [{ id: 'one', key: `${keys[0]?.key}AAAA` }],
      http: { apiKeys: [{ id: 'x', key: `${appSecret}-key`, scopes: [] }] },
      api: { baseUrl: `http://127.0.0.1/?secret=${appSecret}` },
    };

    await witness.failing(world.replica(wrong as never));

    expect(witness.seen.join()).toContain('accounts[0].appId');
    witness.expectNothingOf([appSecret, keys[0]?.key ?? '']);
  });
});

describe('R15 objects of the module', () => {
  it('show no secret, however deep they are inspected', async () => {
    await using world = await World.create();
    const key = 'an-api-key-0123456789abcdefghijklmnop';
    const { module, tokens } = await world.replica({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] }],
      encryptionKeys: keys,
      http: { apiKeys: [{ id: 'x', key, scopes: ['tokens:read'] }] },
    });
    const token = await tokens.getAccessToken();
    await world.advance(7000);
    const late = tokens.invalidate(token);
    const witness = new Witness();
    await module.get(JsapiSignatureService).sign('https://shop.example/');
    const provided = [
      AccessTokenProvider,
      TokenProvider,
      JsapiSignatureService,
      CardSignatureService,
      WechatApiClient,
      TokenRefresher,
      SystemVarStore,
      WechatTokenModule,
      ProblemFilter,
    ];

    for (const type of provided) {
      const object: object = module.get(type, { strict: false });
      witness.see(inspect(object, { depth: 20, showHidden: true }));
      witness.see(object);
      witness.see({ ...object });
    }
    await late;
    for (const type of provided) witness.see(module.get(type));

    const raw = keys.map((one) => Buffer.from(one.key, 'base64'));
    witness.expectNothingOf([
      appSecret,
      key,
      ...world.wechat.issuedTokens,
      ...world.wechat.issuedTickets,
      ...keys.map((one) => one.key),
      // As inspect shows a buffer.
      ...raw.map((bytes) => inspect(bytes).slice(8, -1)),
    ]);
    expect(witness.seen.join()).toContain('AccessTokenProvider {}');
  });
});

describe("R15 the app's axios", () => {
  @Injectable()
  class AppHttp {
    constructor(readonly http: HttpService) {}
  }
  @Module({ imports: [HttpModule], providers: [AppHttp] })
  class PlainModule {}
  @Module({ imports: [HttpModule.register({})], providers: [AppHttp] })
  class RegisteredModule {}

  it.each(['stable', 'classic'] as const)(
    'interceptors see no request of the module, %s mode',
    async (mode) => {
      await using wechat = await FakeWechat.start();
      const seen: unknown[] = [];
      const see = <Config>(config: Config) => {
        seen.push(config);
        return config;
      };
      const everywhere = axios.interceptors.request.use(see);
      const app = await Test.createTestingModule({
        imports: [
          PlainModule,
          RegisteredModule,
          ScheduleModule.forRoot(),
          memoryDatabase(),
          WechatTokenModule.forRoot({
            accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
            api: { baseUrl: wechat.baseUrl },
          }),
        ],
      }).compile();
      try {
        for (const module of [PlainModule, RegisteredModule]) {
          const { http } = app.select(module).get(AppHttp);
          http.axiosRef.interceptors.request.use(see);
        }
        await app.init();
        const tokens = app.get(AccessTokenProvider, { strict: false });

        expect(wechat.accepts(await tokens.getAccessToken())).toBe(true);

        expect(seen).toEqual([]);
      } finally {
        axios.interceptors.request.eject(everywhere);
        await app.close();
      }
    },
  );
});

describe('R15 a secret that does not look like one', () => {
  const forms = (secret: string) => {
    const asQuery = new URLSearchParams({ secret }).toString().slice(7);
    const asSent = axios.getUri({ url: '', params: { secret } }).slice(8);
    const asUri = encodeURIComponent(secret);
    return [secret, asUri, asUri.toLowerCase(), asQuery, asSent];
  };

  it.each(['swordfish-12', 'sw+/&%~fish=<'])(
    'is hidden in whatever form an answer echoes it: %s',
    async (secret) => {
      const witness = new Witness();
      const { logger } = witness;
      const account = { appId: 'wx_short', appSecret: secret };
      await using world = await World.create({
        wechat: { accounts: [account] },
      });
      for (const mode of ['stable', 'classic'] as const) {
        const name = `access_token:${mode}`;
        const { tokens, refresher, close } = await world.replica({
          logger,
          accounts: [{ ...account, name: mode, mode }],
        });
        await tokens.getAccessToken(mode);
        // Due, so that classic asks too.
        await world.advance(7200);
        for (const form of forms(secret))
          for (const fault of [
            { errcode: -1, errmsg: `system error ${form}` },
            { body: `<p>${form}</p>` },
            { status: 502, body: `GET /cgi-bin/token?secret=${form}` },
          ]) {
            world.wechat.inject(mode, fault);
            await witness.failing(refresher.refresh(name));
          }
        witness.see(await world.sql('SELECT last_error FROM system_var'));
        await close();
      }
      witness.see(await world.sql('SELECT * FROM token_event'));

      const told = witness.seen.join('\n');
      expect(told).toContain('system error');
      for (const form of forms(secret)) expect(told).not.toContain(form);
    },
  );
});
