import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from 'nestjs-wechat-token/testing';

/** The same app with FakeWechat, a model of WeChat, in this process; it needs neither a network nor an account. */
async function offline(): Promise<void> {
  const wechat = await FakeWechat.start();
  process.env['WECHAT_API_BASE_URL'] = wechat.baseUrl;
  process.env['WECHAT_APP_ID'] = DEFAULT_FAKE_ACCOUNT.appId;
  process.env['WECHAT_APP_SECRET'] = DEFAULT_FAKE_ACCOUNT.appSecret;
  process.env['SHOP_DATABASE'] ??= ':memory:';
  process.env['WECHAT_DATABASE'] ??= ':memory:';
  await import('./main');
}

void offline();
