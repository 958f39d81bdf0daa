import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  AccessTokenProvider,
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from 'nestjs-wechat-token/testing';
import { database } from './database.js';
import { MenuService } from './menu.service.js';
import { OwnSource } from './own.source.js';

describe('MenuService', () => {
  let wechat: FakeWechat;
  beforeAll(async () => {
    wechat = await FakeWechat.start();
  });
  afterAll(() => wechat.stop());

  const testingModule = () =>
    Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRootAsync({
          useFactory: () => ({
            ...database,
            autoLoadEntities: true,
            migrations: [...wechatTokenMigrations],
          }),
          dataSourceFactory: migratedDataSource,
        }),
        WechatTokenModule.forRoot({
          accounts: [
            DEFAULT_FAKE_ACCOUNT,
            { name: 'own', kind: 'own', appId: 'app', appSecret: 'secret' },
          ],
          sources: [new OwnSource()],
          api: { baseUrl: wechat.baseUrl },
        }),
      ],
      providers: [MenuService],
    });

  it('gets the token of a provider that the test puts in place', async () => {
    const tokens = { getAccessToken: async () => 'token-of-the-test' };
    const app = await testingModule()
      .overrideProvider(AccessTokenProvider)
      .useValue(tokens)
      .compile();
    await app.init();
    expect(await app.get(MenuService).token()).toBe('token-of-the-test');
    expect(wechat.calls.business).toBe(0);
    await app.close();
  });

  it('calls FakeWechat with a token that it accepts', async () => {
    const app = await testingModule().compile();
    await app.init();
    expect((await app.get(MenuService).menu()).errcode).toBe(0);
    expect(wechat.refused).toBe(0);
    await app.close();
  });

  it('hands out a token of a source of its own', async () => {
    const app = await testingModule().compile();
    await app.init();
    const tokens = app.get(AccessTokenProvider);
    expect(await tokens.getAccessToken('own')).toBe('token-of-app');
    await app.close();
  });
});
