import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isWechatApiError } from '../../src/wechat-token/index.js';
import { requestUrl } from '../../src/wechat-token/upstream/request-url.js';
import { World } from '../support/world.js';

const BASE = 'https://api.weixin.qq.com';

describe('R15 the path of a business call', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it.each([
    '@other.example/x',
    ':x@other.example/x',
    '.other.example/x',
    ':8443/x',
    'other.example/x',
    'https://other.example/x',
    '',
    '//other.example/x',
    '/\\other.example/x',
    '\\\\other.example/x',
    '/cgi-bin\\x',
    ' /cgi-bin/x',
    '/cgi-bin/x y',
    '/cgi-bin/x\n',
    '/\t/other.example/x',
    '/cgi-bin/\u0000',
    '/cgi-bin/\u00a0',
    '/cgi-bin/\u202e',
    '/cgi-bin/x#y',
    '/cgi-bin/x?access_token=T0',
    '/cgi-bin/x?a=1&access_token=',
    '/cgi-bin/x?Access_Token=T0',
    '/cgi-bin/x?access%5Ftoken=T0',
  ])('that is %j is refused before a token is asked for', async (path) => {
    const { api } = await world.replica();

    for (const call of [
      () => api.get(path),
      () => api.post(path, {}),
      () => api.download(path),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toSatisfy(isWechatApiError);
      expect(error).toMatchObject({ class: 'api', errcode: undefined });
      expect((error as Error).message).toContain('must be an absolute path');
      expect((error as Error).message).not.toContain('other.example');
    }
    expect(world.wechat.calls.total).toBe(0);
  });

  it('that is not a string is refused too', async () => {
    const { api } = await world.replica();
    await expect(api.get(undefined as never)).rejects.toSatisfy(
      isWechatApiError,
    );
  });

  it('is refused with a token among the parameters', async () => {
    const { api } = await world.replica();
    const params = { access_token: 'T0' };
    await expect(api.get('/cgi-bin/x', { params })).rejects.toSatisfy(
      isWechatApiError,
    );
    expect(world.wechat.calls.total).toBe(0);
  });

  it.each([
    ['/cgi-bin/user/get', '/cgi-bin/user/get'],
    ['/cgi-bin/user/info?openid=o1&lang=zh_CN', undefined],
    ['/wxa/getwxacode?path=%2Fpages%2Findex%3Fa%3D1', undefined],
    ['/cgi-bin/菜单', '/cgi-bin/%E8%8F%9C%E5%8D%95'],
    ['/a/../cgi-bin/x', '/cgi-bin/x'],
    ['/@other.example/x', '/@other.example/x'],
  ])('%s stays on the host', (path, sent = path) => {
    expect(requestUrl(BASE, path)).toBe(BASE + sent);
  });

  it('does not leave the path of the address', () => {
    const base = 'https://proxy.example/wechat';
    expect(requestUrl(base, '/cgi-bin/x')).toBe(`${base}/cgi-bin/x`);
    for (const path of ['/../x', '/a/../../x', '/%2e%2e/x', '/..'])
      expect(requestUrl(base, path)).toBeUndefined();
  });

  it('leads to no other server, as the sockets tell', async () => {
    let asked = 0;
    const other = createServer((_, response) => {
      asked++;
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { api } = await world.replica();
    for (const path of [`@127.0.0.1:${port}/x`, `//127.0.0.1:${port}/x`])
      await api.get(path).catch(() => undefined);
    expect(asked).toBe(0);
    other.close();
  });
});
