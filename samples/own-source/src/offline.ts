import { FAKE_APP, FakeFeishu } from './fake-feishu.js';

/** The same app with a stand-in of Feishu in this process; it needs neither a network nor an account. */
const feishu = await FakeFeishu.start();
process.env['FEISHU_BASE_URL'] = feishu.baseUrl;
process.env['FEISHU_APP_ID'] = FAKE_APP.appId;
process.env['FEISHU_APP_SECRET'] = FAKE_APP.appSecret;
process.env['DATABASE'] ??= ':memory:';
await import('./main.js');
