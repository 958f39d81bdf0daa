import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import Database from 'libsql';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import {
  AccessTokenProvider,
  isConfigurationError,
  type TokenMode,
  WechatTokenModule,
  type WechatTokenModuleOptions,
  validateOptions,
} from '../../src/wechat-token/index.js';
import { memoryDatabase } from '../support/memory-database.js';

const KEY = 'a-key-of-sixteen-characters-or-more';

class FeatureModule {}

describe('WechatTokenModule', () => {
  let wechat: FakeWechat;
  let options: WechatTokenModuleOptions;
  beforeEach(async () => {
    wechat = await FakeWechat.start();
    options = {
      accounts: [DEFAULT_FAKE_ACCOUNT],
      api: { baseUrl: wechat.baseUrl },
    };
  });
  afterEach(() => wechat.stop());

  /** Compiles an app of these imports, gets a token through it, and closes it. */
  async function tokenOf(
    ...imports: NonNullable<Parameters<typeof Module>[0]['imports']>
  ) {
    const app = await Test.createTestingModule({
      imports: [ScheduleModule.forRoot(), ...imports],
    }).compile();
    await app.init();
    try {
      const crons = [...app.get(SchedulerRegistry).getCronJobs().keys()];
      const tokens = app.get(AccessTokenProvider, { strict: false });
      return { crons, token: await tokens.getAccessToken() };
    } finally {
      await app.close();
    }
  }

  it('forRoot: registers one cron job and hands out a token', async () => {
    const { crons, token } = await tokenOf(
      memoryDatabase(),
      WechatTokenModule.forRoot(options),
    );
    expect(crons).toEqual(['wechat-token:refresh']);
    expect(wechat.accepts(token)).toBe(true);
  });

  it('works in an app without HTTP, such as a worker', async () => {
    @Module({
      imports: [
        ScheduleModule.forRoot(),
        memoryDatabase(),
        WechatTokenModule.forRoot({
          ...options,
          http: { apiKeys: [{ id: 'a', key: KEY, scopes: ['tokens:issue'] }] },
        }),
      ],
    })
    class Worker {}
    const unhandled = vi.fn();
    process.once('uncaughtException', unhandled);
    const app = await NestFactory.createApplicationContext(Worker, {
      logger: false,
    });

    const token = await app.get(AccessTokenProvider).getAccessToken();

    process.off('uncaughtException', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(wechat.accepts(token)).toBe(true);
    await app.close();
  });

  it('forRootAsync with a factory and what it injects', async () => {
    const values = { provide: 'VALUES', useValue: options };
    @Module({ providers: [values], exports: [values] })
    class ConfigModule {}
    const { token } = await tokenOf(
      memoryDatabase(),
      WechatTokenModule.forRootAsync({
        imports: [ConfigModule],
        inject: ['VALUES'],
        useFactory: (given: WechatTokenModuleOptions) => given,
      }),
    );
    expect(wechat.accepts(token)).toBe(true);
  });

  it('forRootAsync with a class, and with one that exists', async () => {
    @Injectable()
    class Config {
      createWechatTokenOptions = () => options;
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    const byClass = WechatTokenModule.forRootAsync({ useClass: Config });
    const existing = WechatTokenModule.forRootAsync({
      imports: [ConfigModule],
      useExisting: Config,
    });
    for (const module of [byClass, existing]) {
      const { token } = await tokenOf(memoryDatabase(), module);
      expect(wechat.accepts(token)).toBe(true);
    }
  });

  it('isGlobal: other modules inject the provider without importing it', async () => {
    @Injectable()
    class Greeter {
      constructor(readonly tokens: AccessTokenProvider) {}
    }
    @Module({ providers: [Greeter] })
    class GreeterModule {}
    const { token } = await tokenOf(
      memoryDatabase(),
      GreeterModule,
      WechatTokenModule.forRoot({ ...options, isGlobal: true }),
    );
    expect(wechat.accepts(token)).toBe(true);
  });

  it('dataSource: keeps its tables in a DataSource with a name', async () => {
    const { token } = await tokenOf(
      memoryDatabase('wechat'),
      WechatTokenModule.forRoot({ ...options, dataSource: 'wechat' }),
    );
    expect(wechat.accepts(token)).toBe(true);
  });

  it('says that ScheduleModule is missing', async () => {
    const builder = Test.createTestingModule({
      imports: [memoryDatabase(), WechatTokenModule.forRoot(options)],
    });
    await expect(builder.compile()).rejects.toThrow(
      /ScheduleModule\.forRoot\(\) to the imports of your root module/,
    );
  });

  describe.each([
    ['without options', () => [WechatTokenModule]],
    [
      'without options, in a module of the app, beside forRoot',
      () => [
        { module: FeatureModule, imports: [WechatTokenModule] },
        WechatTokenModule.forRoot(options),
      ],
    ],
    [
      'by two forRoot',
      () => [
        WechatTokenModule.forRoot(options),
        {
          module: FeatureModule,
          imports: [WechatTokenModule.forRoot(options)],
        },
      ],
    ],
    [
      'by forRoot and forRootAsync',
      () => [
        WechatTokenModule.forRoot(options),
        WechatTokenModule.forRootAsync({ useFactory: () => options }),
      ],
    ],
  ])('imported %s', (_, modules) => {
    it('says, as Nest reports it, to import one forRoot() and to make it global', async () => {
      const logged: string[] = [];
      const error = (...line: unknown[]) => logged.push(line.join(' '));
      const nothing = () => undefined;
      const root = {
        module: class App {},
        imports: [ScheduleModule.forRoot(), memoryDatabase(), ...modules()],
      };

      const starting = NestFactory.create(root, {
        abortOnError: false,
        logger: { error, log: nothing, warn: nothing },
      });

      await expect(starting).rejects.toSatisfy(isConfigurationError);
      Logger.overrideLogger(true);
      expect(logged).toHaveLength(1);
      expect(logged[0]).toMatch(
        /imports: WechatTokenModule is imported (without options|more than once).* WechatTokenModule\.forRoot\(.*isGlobal: true/,
      );
    });
  });

  it('is imported by any number of modules, if it is one forRoot', async () => {
    const wechat = WechatTokenModule.forRoot(options);
    const feature = { module: FeatureModule, imports: [wechat] };
    const { crons } = await tokenOf(memoryDatabase(), wechat, feature);
    expect(crons).toEqual(['wechat-token:refresh']);
  });

  it('reports every fault of the options at once, without their values', async () => {
    const builder = Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        memoryDatabase(),
        WechatTokenModule.forRoot({
          accounts: [
            { name: 'bad name', appId: '', appSecret: 'secret-marker' },
            { appId: 'wx1' },
          ],
          api: { baseUrl: 'ftp://example.org', timeoutMs: -1 },
          refresh: { cron: 'whenever' },
        }),
      ],
    });

    const error: unknown = await builder.compile().catch((e: unknown) => e);

    expect(
      isConfigurationError(error) && error.faults.map((f) => f.field),
    ).toEqual(
      expect.arrayContaining([
        'accounts[0].name',
        'accounts[0].appId',
        'accounts[1].appSecret',
        'api.baseUrl',
        'api.timeoutMs',
        'refresh.cron',
      ]),
    );
    expect(String(error)).not.toContain('secret-marker');
  });

  it('refuses a DataSource that prefixes the names of its tables', async () => {
    const builder = Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRoot({
          type: 'better-sqlite3',
          driver: Database,
          database: ':memory:',
          autoLoadEntities: true,
          entityPrefix: 'shop_',
        }),
        WechatTokenModule.forRoot(options),
      ],
    });

    const error: unknown = await builder.compile().catch((e: unknown) => e);

    expect(
      isConfigurationError(error) && error.faults.map((f) => f.field),
    ).toEqual(['dataSource']);
    expect(String(error)).toContain('entityPrefix');
  });

  it.each(['forRoot', 'forRootAsync'] as const)(
    'refuses a table name of the app in %s, and says what to do',
    (method) => {
      const named = { ...options, useFactory: () => options };
      const own = { ...named, tableName: 'shop_var' };
      expect(() => WechatTokenModule[method](own)).toThrow(
        /tableName: is not an option.*dataSource/,
      );
    },
  );

  describe('of two accounts with one appid', () => {
    const accounts = (first: TokenMode, second: TokenMode) => [
      { ...DEFAULT_FAKE_ACCOUNT, mode: first },
      { ...DEFAULT_FAKE_ACCOUNT, name: 'second', mode: second },
    ];

    it('refuses two classic ones, since each ends the token of the other', () => {
      let error: unknown;
      try {
        validateOptions({ accounts: accounts('classic', 'classic') });
      } catch (thrown) {
        error = thrown;
      }
      expect(
        isConfigurationError(error) && error.faults.map((f) => f.field),
      ).toEqual(['accounts[1].appId']);
    });

    it.each([
      ['stable', 'classic'],
      ['classic', 'stable'],
      ['stable', 'stable'],
    ] as const)('takes a %s and a %s one', (first, second) => {
      validateOptions({ accounts: accounts(first, second) });
    });
  });
});
