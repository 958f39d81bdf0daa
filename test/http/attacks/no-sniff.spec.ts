import type { CanActivate } from '@nestjs/common';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type { ApiKey } from '../../../src/wechat-token/index.js';
import {
  bearer,
  KEYS,
  PLATFORMS,
  posted,
  type Sent,
} from '../../support/http.js';
import { World } from '../../support/world.js';

const letIn: CanActivate = { canActivate: () => true };
const key = KEYS.all;
const query = new URLSearchParams({
  grant_type: 'client_credential',
  appid: DEFAULT_FAKE_ACCOUNT.appId,
  secret: key.key,
});
const json = bearer(key);
const ADMIN = '/admin/wechat-tokens';

const requests: readonly [path: string, init?: Sent][] = [
  [`/cgi-bin/token?${query.toString()}`],
  ['/cgi-bin/token'],
  ['/cgi-bin/token', { method: 'POST' }],
  ['/cgi-bin/stable_token'],
  ['/cgi-bin/stable_token', posted('{')],
  [
    '/cgi-bin/stable_token',
    { ...posted(''), headers: { 'content-type': 'text/plain' } },
  ],
  ['/wechat-tokens/access_token', { headers: json }],
  ['/wechat-tokens/access_token'],
  ['/wechat-tokens/none', { headers: json }],
  ['/wechat-tokens/access_token/rejected', posted('{', json)],
  ['/wechat-tokens/access_token/rejected', posted({ value: 'x' }, json)],
  [ADMIN, { headers: json }],
  [ADMIN, { method: 'HEAD', headers: json }],
  [`${ADMIN}/stream`, { headers: json }],
  [`${ADMIN}/none`, { headers: json }],
  [`${ADMIN}/access_token/refresh`, posted({ force: 'x' }, json)],
  [`${ADMIN}/access_token/refresh`, posted({}, json)],
];

describe.each(PLATFORMS)(
  'X-Content-Type-Options: nosniff, on %s',
  (_, adapter) => {
    it.each([
      ['keys', { apiKeys: [key] }],
      ["the app's guards", { guards: [letIn], apiKeys: [key] }],
      [
        'keys that are all gone',
        { apiKeys: { current: (): readonly ApiKey[] => [] } },
      ],
    ])('is on every answer, with %s', async (__, http) => {
      await using world = await World.create();
      const app = await world.httpReplica(adapter(), { http });
      await app.accountCheck.check();
      for (const [path, init] of requests) {
        const response = await fetch(app.url + path, init);
        const header = response.headers.get('x-content-type-options');
        await response.body?.cancel();
        expect(header, `${response.status} ${path}`).toBe('nosniff');
      }
    });
  },
);
