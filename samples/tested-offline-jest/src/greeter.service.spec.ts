import { Test, type TestingModule } from '@nestjs/testing';
import { AccessTokenProvider } from 'nestjs-wechat-token';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from 'nestjs-wechat-token/testing';
import { AppModule } from './app.module';
import { GreeterService } from './greeter.service';

describe('GreeterService', () => {
  let wechat: FakeWechat;
  let app: TestingModule;
  let greeter: GreeterService;

  beforeEach(async () => {
    wechat = await FakeWechat.start();
    process.env['WECHAT_API_BASE_URL'] = wechat.baseUrl;
    process.env['WECHAT_APP_ID'] = DEFAULT_FAKE_ACCOUNT.appId;
    process.env['WECHAT_APP_SECRET'] = DEFAULT_FAKE_ACCOUNT.appSecret;
    process.env['DATABASE'] = ':memory:';
    const testing = Test.createTestingModule({ imports: [AppModule] });
    app = await testing.compile();
    greeter = app.get(GreeterService);
  });

  afterEach(async () => {
    await app.close();
    await wechat.stop();
  });

  it('greets many with one token', async () => {
    await app.init();
    await Promise.all(['a', 'b', 'c'].map((user) => greeter.greet(user)));
    expect(wechat.issued()).toBe(1);
    expect(wechat.calls.business).toBe(3);
    expect(wechat.refused).toBe(0);
  });

  it('greets although WeChat has ended the token', async () => {
    await app.init();
    const tokens = app.get(AccessTokenProvider);
    const dead = await tokens.getAccessToken();
    wechat.drop();
    await greeter.greet('a');
    expect(wechat.accepts(dead)).toBe(false);
    expect(wechat.accepts(await tokens.getAccessToken())).toBe(true);
  });

  it('reports what WeChat refuses', async () => {
    await app.init();
    wechat.inject('business', { errcode: 45015 });
    await expect(greeter.greet('a')).rejects.toMatchObject({
      code: 'WECHAT_API_ERROR',
      errcode: 45015, // the user has not written for 48 hours
    });
  });

  it('reports that there is no token, and why', async () => {
    // Before init(), which begins to fetch the first one.
    wechat.changeSecret(DEFAULT_FAKE_ACCOUNT.appId, 'another-secret');
    await app.init();
    await expect(greeter.greet('a')).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      cause: { class: 'credentials', errcode: 40125 },
    });
    expect(wechat.calls.business).toBe(0);
  });
});
