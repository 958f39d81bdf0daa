import { randomBytes } from 'node:crypto';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
} from '../../../dist/testing/index.mjs';
import { print } from './print.mjs';

/** The same servers with FakeWechat, a model of WeChat, in this process; they need neither a network nor an account. */
const wechat = await FakeWechat.start();
wechat.onIssue(({ fingerprint }) =>
  print(`>> WeChat issued token ${fingerprint}, number ${wechat.issued()}`),
);
const key = randomBytes(32).toString('hex');
Object.assign(process.env, {
  WECHAT_API_BASE_URL: wechat.baseUrl,
  WECHAT_APP_ID: DEFAULT_FAKE_ACCOUNT.appId,
  WECHAT_APP_SECRET: DEFAULT_FAKE_ACCOUNT.appSecret,
  API_KEYS: JSON.stringify([{ id: 'clients', key, scopes: ['tokens:issue'] }]),
});
const { url } = await import('./main.mjs');
print(`For clients, in another terminal:

  export TOKEN_SERVER=${url} TOKEN_KEY=${key} WECHAT_API_BASE_URL=${wechat.baseUrl}
`);
