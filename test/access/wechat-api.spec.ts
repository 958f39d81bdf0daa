import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Fault } from '../../src/testing/index.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  isTokenUnavailableError,
  isWechatApiError,
  type WechatApiError,
} from '../../src/wechat-token/index.js';
import { type TestReplica, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const PATH = '/cgi-bin/user/info';
const QR_CODE = '/wxa/getwxacodeunlimit';
const NICKNAME = 'Wang Xiaoming';
const OPENID = 'oABCDEF0123456789';

describe('WechatApiClient', () => {
  let world: World;
  let replica: TestReplica;
  beforeAll(async () => {
    world = await World.create();
    replica = await world.replica();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const answered = (fault: Fault, path = PATH) => {
    world.wechat.inject('business', fault);
    return replica.api.get<Record<string, unknown>>(path);
  };
  async function failing(
    call: Promise<unknown>,
    is: (error: unknown) => boolean = isWechatApiError,
  ) {
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toSatisfy(is);
    return error as WechatApiError;
  }

  describe('answers that are not tidy JSON', () => {
    it('a whole number beyond 2^53 is kept, and can be sent back as a bigint', async () => {
      const { msgid } = await answered({
        body: '{"msgid":271781022721654784}',
      });
      expect(msgid).toBe('271781022721654784');

      let sent = '';
      const remember = vi.fn((text: string) => (sent = text));
      await using echo = await plainServer((text) => {
        remember(text);
        return '{"errcode":0}';
      });
      const other = await world.replica({ api: { baseUrl: echo.url } });
      world.wechat.otherSystemFetches(appId, 'stable-forced');
      await other.api.post('/x', {
        msgid: BigInt(String(msgid)),
        when: new Date(0),
        none: undefined,
        list: [1n, '2'],
      });
      expect(sent).toBe(
        '{"msgid":271781022721654784,"when":"1970-01-01T00:00:00.000Z","list":[1,"2"]}',
      );
    });

    it('a control character in a nickname loses nothing', async () => {
      const answer = await answered({
        body: '{"nickname":"a\u0001\nb","sex":1}',
      });
      expect(answer).toEqual({ nickname: 'a\u0001\nb', sex: 1 });
    });

    it.each(['"40001"', '40001.0', '"40001.0"', '" 40001"'])(
      'the errcode %s is a rejection: the call is made again',
      async (errcode) => {
        const calls = world.wechat.calls.business;
        const answer = await answered({ body: `{"errcode":${errcode}}` });
        expect(answer).toMatchObject({ errcode: 0, path: PATH });
        expect(world.wechat.calls.business).toBe(calls + 2);
        await world.advance(3600);
      },
    );

    it('an errcode that is a string is an error, and "0" is none', async () => {
      const error = await failing(answered({ body: '{"errcode":"40003"}' }));
      expect(error).toMatchObject({ errcode: 40003, class: 'api' });
      expect(await answered({ body: '{"errcode":"0","a":1}' })).toEqual({
        errcode: 0,
        a: 1,
      });
    });

    it.each([
      ['text/plain', { 'content-type': 'text/plain' }, '{"a":"你"}'],
      ['no type', { 'content-type': '' }, '\uFEFF \n{"a":"你"}'],
      [
        'GBK',
        { 'content-type': 'application/json; charset=gbk' },
        Buffer.from('7b2261223a22c4e3227d', 'hex'),
      ],
      ['gzip', { 'content-encoding': 'gzip' }, gzipSync('{"a":"你"}')],
    ])('with %s', async (_what, headers, body) => {
      expect(await answered({ body, headers })).toEqual({ a: '你' });
    });

    it.each([
      ['', 'HTTP 200, application/json, 0 bytes'],
      ['<html></html>', 'HTTP 200, application/json, 13 bytes'],
      ['[{"openid":"x"}]', 'HTTP 200, application/json, 16 bytes'],
      ['{"errcode":"none"}', 'HTTP 200, application/json, 18 bytes'],
    ])('%j is an error that says what came', async (body, what) => {
      const error = await failing(answered({ body }));
      expect(error).toMatchObject({ errcode: undefined, class: 'transient' });
      expect(error.message).toContain(what);
    });
  });

  it("no part of a user's record is in an error", async () => {
    const record = `"openid":"${OPENID}","nickname":"${NICKNAME}"`;
    for (const body of [
      `{${record}`,
      `[{${record}}]`,
      `{${record},"errcode":40003,"errmsg":"invalid openid rid: 5f3a1b2c-0d4e5f6a-7b8c9d0e"}`,
      `{${record},"errcode":"none"}`,
      `{${record},"errmsg":{${record}},"errcode":-1}`,
    ]) {
      const headers = { 'content-type': `text/plain; x="${NICKNAME}"` };
      const error = await failing(answered({ body, headers }));
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).not.toContain(NICKNAME.slice(0, 4));
      expect(shown).not.toContain(OPENID.slice(0, 5));
    }
    const { rid } = await failing(answered({ errcode: 40003 }));
    expect(rid).toMatch(/^[0-9a-f]{8}-/);
  });

  describe('download', () => {
    const png = (bytes: Buffer) =>
      expect(bytes.subarray(0, 4)).toEqual(Buffer.from('89504e47', 'hex'));

    it('a QR code, with its content type', async () => {
      const got = await replica.api.download(QR_CODE, { body: { scene: 'a' } });
      png(got.bytes);
      expect(got).toMatchObject({
        contentType: 'image/jpeg',
        fileName: undefined,
      });
    });

    it('media, with the name of the file', async () => {
      const got = await replica.api.download('/cgi-bin/media/get', {
        params: { media_id: 'MEDIA_ID' },
      });
      png(got.bytes);
      expect(got).toMatchObject({
        contentType: 'image/png',
        fileName: 'MEDIA_ID.png',
      });
    });

    it.each(['image/jpeg', 'text/plain', 'application/json', ''])(
      'an error that comes as %j is one',
      async (type) => {
        const body = '\uFEFF{"errcode":"41030","errmsg":"invalid page\n"}';
        world.wechat.inject('business', {
          body,
          headers: { 'content-type': type },
        });
        const call = replica.api.download(QR_CODE, { body: {} });
        expect(await failing(call)).toMatchObject({ errcode: 41030 });
      },
    );

    it('a token that is refused is renewed, and the call is made again', async () => {
      world.wechat.drop(appId);
      const calls = world.wechat.calls.business;
      png((await replica.api.download(QR_CODE, { body: {} })).bytes);
      expect(world.wechat.calls.business).toBe(calls + 2);
      await world.advance(3600);
    });

    it('JSON that is no error is the file', async () => {
      for (const body of ['{"video_url":"x"}', '{"errcode":0}', '{', '[1]']) {
        world.wechat.inject('business', { body });
        const { bytes } = await replica.api.download('/cgi-bin/media/get');
        expect(bytes.toString()).toBe(body);
      }
    });

    it.each<[string, Fault]>([
      [
        'a web page',
        {
          body: '<html>',
          headers: { 'content-type': 'text/html; charset=utf-8' },
        },
      ],
      ['nothing', { body: '' }],
      ['another status', { status: 502, body: 'x' }],
    ])('%s is no file', async (_what, fault) => {
      world.wechat.inject('business', fault);
      const error = await failing(replica.api.download('/cgi-bin/media/get'));
      expect(error).toMatchObject({ errcode: undefined, class: 'transient' });
    });

    it('is bounded, also where the bytes come compressed', async () => {
      const options = { maxBytes: 1000 };
      const body = Buffer.alloc(1001, 'x');
      for (const fault of [
        { body },
        { body: gzipSync(body), headers: { 'content-encoding': 'gzip' } },
      ]) {
        world.wechat.inject('business', fault);
        const error = await failing(
          replica.api.download('/cgi-bin/media/get', options),
        );
        expect(error.message).toContain('more than 1000 bytes');
      }
      world.wechat.inject('business', { body: body.subarray(1) });
      const got = await replica.api.download('/cgi-bin/media/get', options);
      expect(got.bytes).toHaveLength(1000);
    });
  });

  it('a JSON answer may be larger than one of a token, up to maxBytes', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(3_000_000) });
    expect(await answered({ body })).toHaveProperty('a');
    world.wechat.inject('business', { body });
    const error = await failing(replica.api.get(PATH, { maxBytes: 2_000_000 }));
    expect(error.message).toContain('more than 2000000 bytes');
  });

  describe('uploads', () => {
    const form = () => {
      const made = new FormData();
      made.set('media', new Blob(['bytes of a picture']), '图 1.png');
      made.set('description', '{"title":"x"}');
      return made;
    };

    it('a FormData is sent as its parts, again after a new token', async () => {
      world.wechat.drop(appId);
      const calls = world.wechat.calls.business;
      const { body } = await replica.api.post<{ body: string }>(
        '/cgi-bin/media/upload',
        form(),
        { params: { type: 'image' } },
      );
      expect(body).toContain('filename="图 1.png"');
      expect(body).toContain('bytes of a picture');
      expect(world.wechat.calls.business).toBe(calls + 2);
      await world.advance(3600);
    });

    it('a stream is sent once: the token is renewed, and the caller gets the error', async () => {
      const before = await replica.tokens.getAccessToken();
      world.wechat.drop(appId);
      const calls = world.wechat.calls.business;
      const error = await failing(
        replica.api.post('/cgi-bin/media/upload', Readable.from(['x'])),
      );
      expect(error.class).toBe('rejected');
      expect(world.wechat.calls.business).toBe(calls + 1);
      expect(await replica.tokens.getAccessToken()).not.toBe(before);
    });
  });

  describe('limits of one call', () => {
    it('timeoutMs ends a call that hangs', async () => {
      world.wechat.inject('business', { hang: true });
      const error = await failing(replica.api.get(PATH, { timeoutMs: 50 }));
      expect(error.message).toContain('(timeout)');
    });

    it('timeoutMs may be longer than api.timeoutMs', async () => {
      const hasty = await world.replica({ api: { timeoutMs: 100 } });
      await hasty.tokens.getAccessToken();
      world.wechat.inject('business', { delayMs: 300 });
      const call = hasty.api.get(PATH, { timeoutMs: 60_000 });
      expect(await call).toMatchObject({ errcode: 0 });
    });

    it('timeoutMs counts the wait for a token', async () => {
      const cold = await world.replica({
        role: 'reader',
        accounts: [
          { ...DEFAULT_FAKE_ACCOUNT, name: 'other', appId: 'wx_other' },
        ],
      });
      const call = cold.api.get(PATH, { account: 'other', timeoutMs: 50 });
      await failing(call, isTokenUnavailableError);
    });

    it('signal ends a call, before and while it is made', async () => {
      const calls = world.wechat.calls.business;
      const ended = AbortSignal.abort();
      const before = await failing(replica.api.get(PATH, { signal: ended }));
      expect(before.message).toContain('aborted by the caller');
      expect(world.wechat.calls.business).toBe(calls);

      const ending = new AbortController();
      const fault = world.wechat.inject('business', { hang: true });
      const call = replica.api.post(PATH, {}, { signal: ending.signal });
      const failed = failing(call);
      await vi.waitUntil(() => fault.hits === 1);
      ending.abort();
      expect((await failed).message).toContain('aborted by the caller');
    });
  });
});

/** A server that answers the token endpoint as WeChat does, and everything else as told. */
async function plainServer(answer: (body: string) => string) {
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () =>
      response.end(
        request.url?.startsWith('/cgi-bin/stable_token')
          ? '{"access_token":"a-token","expires_in":"7200"}'
          : answer(text),
      ),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
